/* Every node that is built in: one table per namespace, one line each. */
#include "nodes/node.h"

extern const struct node_table nodes_audio;
extern const struct node_table nodes_audio_file;
extern const struct node_table nodes_base;
extern const struct node_table nodes_boolean;
extern const struct node_table nodes_code;
extern const struct node_table nodes_compare;
extern const struct node_table nodes_constant;
extern const struct node_table nodes_control;
extern const struct node_table nodes_data;
extern const struct node_table nodes_data_combine;
extern const struct node_table nodes_data_csv;
extern const struct node_table nodes_data_group;
extern const struct node_table nodes_data_list;
extern const struct node_table nodes_dictionary;
extern const struct node_table nodes_dictionary_filter;
extern const struct node_table nodes_dictionary_query;
extern const struct node_table nodes_document;
extern const struct node_table nodes_image;
extern const struct node_table nodes_image_file;
extern const struct node_table nodes_input;
extern const struct node_table nodes_lib_beautifulsoup;
extern const struct node_table nodes_lib_browser;
extern const struct node_table nodes_lib_date;
extern const struct node_table nodes_lib_docx;
extern const struct node_table nodes_lib_excel;
extern const struct node_table nodes_lib_pdf;
extern const struct node_table nodes_lib_grid;
extern const struct node_table nodes_lib_http;
extern const struct node_table nodes_lib_http_many;
extern const struct node_table nodes_lib_json;
extern const struct node_table nodes_lib_mail;
extern const struct node_table nodes_lib_markdown;
extern const struct node_table nodes_lib_math;
extern const struct node_table nodes_lib_numpy_convert;
extern const struct node_table nodes_lib_numpy_image;
extern const struct node_table nodes_lib_numpy_math;
extern const struct node_table nodes_lib_numpy_plot;
extern const struct node_table nodes_lib_numpy_shape;
extern const struct node_table nodes_lib_os;
extern const struct node_table nodes_lib_os_path;
extern const struct node_table nodes_lib_pillow;
extern const struct node_table nodes_lib_pillow_draw;
extern const struct node_table nodes_lib_pillow_enhance;
extern const struct node_table nodes_lib_pillow_filter;
extern const struct node_table nodes_lib_pillow_grade;
extern const struct node_table nodes_lib_pillow_grade_look;
extern const struct node_table nodes_lib_rss;
extern const struct node_table nodes_lib_secret;
extern const struct node_table nodes_lib_sqlite;
extern const struct node_table nodes_lib_svg;
extern const struct node_table nodes_lib_svg_image;
extern const struct node_table nodes_lib_uuid;
extern const struct node_table nodes_list;
extern const struct node_table nodes_list_sets;
extern const struct node_table nodes_llm_agent;
extern const struct node_table nodes_llm_audio;
extern const struct node_table nodes_llm_generate;
extern const struct node_table nodes_gemini;
extern const struct node_table nodes_llm_image;
extern const struct node_table nodes_llm_text;
extern const struct node_table nodes_numbers;
extern const struct node_table nodes_output;
extern const struct node_table nodes_text;
extern const struct node_table nodes_text_check;
extern const struct node_table nodes_text_clean;
extern const struct node_table nodes_text_file;
extern const struct node_table nodes_text_format;
extern const struct node_table nodes_text_html;
extern const struct node_table nodes_text_json;
extern const struct node_table nodes_text_regex;
extern const struct node_table nodes_triggers;
extern const struct node_table nodes_triggers_event;
extern const struct node_table nodes_triggers_file;
extern const struct node_table nodes_vector_chroma;
extern const struct node_table nodes_vector_chroma_query;
extern const struct node_table nodes_vector_faiss;
extern const struct node_table nodes_workflow;
extern const struct node_table nodes_workspace;
extern const struct node_table nodes_workspace_media;

const struct node_table *const node_tables[] = {
	&nodes_audio,
	&nodes_audio_file,
	&nodes_base,
	&nodes_boolean,
	&nodes_code,
	&nodes_compare,
	&nodes_constant,
	&nodes_control,
	&nodes_data,
	&nodes_data_combine,
	&nodes_data_csv,
	&nodes_data_group,
	&nodes_data_list,
	&nodes_dictionary,
	&nodes_dictionary_filter,
	&nodes_dictionary_query,
	&nodes_document,
	&nodes_image,
	&nodes_image_file,
	&nodes_input,
	&nodes_lib_beautifulsoup,
	&nodes_lib_browser,
	&nodes_lib_date,
	&nodes_lib_docx,
	&nodes_lib_excel,
	&nodes_lib_pdf,
	&nodes_lib_grid,
	&nodes_lib_http,
	&nodes_lib_http_many,
	&nodes_lib_json,
	&nodes_lib_mail,
	&nodes_lib_markdown,
	&nodes_lib_math,
	&nodes_lib_numpy_convert,
	&nodes_lib_numpy_image,
	&nodes_lib_numpy_math,
	&nodes_lib_numpy_plot,
	&nodes_lib_numpy_shape,
	&nodes_lib_os,
	&nodes_lib_os_path,
	&nodes_lib_pillow,
	&nodes_lib_pillow_draw,
	&nodes_lib_pillow_enhance,
	&nodes_lib_pillow_filter,
	&nodes_lib_pillow_grade,
	&nodes_lib_pillow_grade_look,
	&nodes_lib_rss,
	&nodes_lib_secret,
	&nodes_lib_sqlite,
	&nodes_lib_svg,
	&nodes_lib_svg_image,
	&nodes_lib_uuid,
	&nodes_list,
	&nodes_list_sets,
	&nodes_llm_agent,
	&nodes_llm_audio,
	&nodes_llm_generate,
	&nodes_gemini,
	&nodes_llm_image,
	&nodes_llm_text,
	&nodes_numbers,
	&nodes_output,
	&nodes_text,
	&nodes_text_check,
	&nodes_text_clean,
	&nodes_text_file,
	&nodes_text_format,
	&nodes_text_html,
	&nodes_text_json,
	&nodes_text_regex,
	&nodes_triggers,
	&nodes_triggers_event,
	&nodes_triggers_file,
	&nodes_vector_chroma,
	&nodes_vector_chroma_query,
	&nodes_vector_faiss,
	&nodes_workflow,
	&nodes_workspace,
	&nodes_workspace_media,
	NULL,
};
