/*
 * Fault points: places at which a test can have the daemon killed. NODETOOL_FAULT="name" or "name:n" kills it (SIGKILL)
 * when it passes the place for the nth time. Only in builds with sanitizers (the test builds); nothing elsewhere.
 */
#ifndef WSD_FAULT_H
#define WSD_FAULT_H

#ifdef __SANITIZE_ADDRESS__
void fault_point(const char *name);
#else
#define fault_point(name) ((void)0)
#endif

#endif
