/* The original's typed values as data (notes-engine section 12). Fields: "name:type=default; …" in the short form of
 * types and JSON; no default: required; "=@x": a typed value x with its own defaults. */
#include "graph/typed_table.h"

#define ENUM_PROVIDER \
	"enum(:aime|openai|openrouter|anthropic|cerebras|groq|minimax|replicate|ollama|lmstudio|kie|together|" \
	"comfy_local|comfy_runpod|local|llama_cpp|gemini|vllm|zai|mistral|empty|mlx|fal_ai|fake|huggingface|" \
	"huggingface_cohere|huggingface_fal_ai|huggingface_featherless_ai|huggingface_fireworks_ai|" \
	"huggingface_groq|huggingface_cerebras|huggingface_hf_inference|huggingface_hyperbolic|" \
	"huggingface_nebius|huggingface_novita|huggingface_nscale|huggingface_openai|huggingface_replicate|" \
	"huggingface_sambanova|huggingface_scaleway|huggingface_together|huggingface_zai|meshy|rodin)"
#define ENUM_INFERENCEPROVIDER \
	"enum(:cerebras|cohere|fal-ai|featherless-ai|fireworks-ai|groq|hf-inference|hyperbolic|nebius|novita|" \
	"nscale|openai|replicate|sambanova|scaleway|together|zai-org)"
#define ENUM_FONTSOURCE \
	"enum(:system|google_fonts|url)"
#define ENUM_SEABORNPLOTTYPE \
	"enum(:scatter|line|relplot|histplot|kdeplot|ecdfplot|rugplot|distplot|stripplot|swarmplot|boxplot|" \
	"violinplot|boxenplot|pointplot|barplot|countplot|regplot|lmplot|residplot|heatmap|clustermap|jointplot|" \
	"pairplot|facetgrid)"
#define ENUM_SEABORNESTIMATOR \
	"enum(:mean|median|count|sum|min|max|var|std)"
#define ENUM_SEABORNSTATISTIC \
	"enum(:count|frequency|probability|percent|density)"
#define ENUM_DATECRITERIA \
	"enum(:BEFORE|SINCE|ON)"
#define ENUM_EMAILFLAG \
	"enum(:SEEN|UNSEEN|ANSWERED|UNANSWERED|FLAGGED|UNFLAGGED)"

const struct typed_shape typed_shapes[] = {
	{ "image_size", "image_size", false, "width:int=1024; height:int=1024; preset:str?=null" },
	{ "collection", "collection", false, "name:str=\"\"" },
	{ "faiss_index", "faiss_index", false, "index:any=null" },
	{ "date", "date", false, "year:int=0; month:int=0; day:int=0" },
	{ "datetime", "datetime", false,
	  "year:int=0; month:int=0; day:int=0; hour:int=0; minute:int=0; second:int=0; microsecond:int=0; "
	  "tzinfo:str=\"UTC\"; utc_offset:float=0" },
	{ "asset", "asset", true, "" },
	{ "file_path", "file_path", false, "path:str=\"\"" },
	{ "folder_path", "folder_path", false, "path:str=\"\"" },
	{ "folder", "folder", true, "" },
	{ "model_ref", "model_ref", true, "" },
	{ "video", "video", true, "duration:float?=null; format:str?=null" },
	{ "text", "text", true, "" },
	{ "audio", "audio", true, "" },
	{ "image", "image", true, "" },
	{ "document", "document", true, "" },
	{ "model_3d", "model_3d", true, "format:str?=null; material_file:asset?=null; texture_files:list[image]=[]" },
	{ "rss_entry", "rss_entry", false,
	  "title:str=\"\"; link:str=\"\"; published:datetime=@datetime; summary:str=\"\"; author:str=\"\"" },
	{ "workflow", "workflow", false, "id:str=\"\"" },
	{ "node", "node", false, "id:str=\"\"" },
	{ "font", "font", false,
	  "name:str=\"\"; source:" ENUM_FONTSOURCE "=\"system\"; url:str=\"\"; weight:str=\"regular\"" },
	{ "language_model", "language_model", false,
	  "provider:" ENUM_PROVIDER "=\"empty\"; id:str=\"\"; name:str=\"\"; path:str?=null; "
	  "supported_tasks:list[str]=[]" },
	{ "image_model", "image_model", false,
	  "provider:" ENUM_PROVIDER "=\"empty\"; id:str=\"\"; name:str=\"\"; path:str?=null; "
	  "supported_tasks:list[str]=[]" },
	{ "tts_model", "tts_model", false,
	  "provider:" ENUM_PROVIDER "=\"empty\"; id:str=\"\"; name:str=\"\"; path:str?=null; voices:list[str]=[]; "
	  "selected_voice:str=\"\"" },
	{ "asr_model", "asr_model", false,
	  "provider:" ENUM_PROVIDER "=\"empty\"; id:str=\"\"; name:str=\"\"; path:str?=null" },
	{ "video_model", "video_model", false,
	  "provider:" ENUM_PROVIDER "=\"empty\"; id:str=\"\"; name:str=\"\"; path:str?=null; "
	  "supported_tasks:list[str]=[]" },
	{ "model_3d_model", "model_3d_model", false,
	  "provider:" ENUM_PROVIDER "=\"empty\"; id:str=\"\"; name:str=\"\"; path:str?=null; "
	  "supported_tasks:list[str]=[]; output_formats:list[str]=[\"glb\"]" },
	{ "embedding_model", "embedding_model", false,
	  "provider:" ENUM_PROVIDER "=\"empty\"; id:str=\"\"; name:str=\"\"; dimensions:int=0" },
	{ "llama_model", "llama_model", false,
	  "name:str=\"\"; repo_id:str=\"\"; modified_at:str=\"\"; size:int=0; digest:str=\"\"; details:dict={}" },
	{ "llama_cpp_model", "llama_cpp_model", false,
	  "name:str=\"\"; repo_id:str=\"\"; filename:str=\"\"; size:int=0" },
	{ "openai_model", "openai_model", false, "id:str=\"\"; object:str=\"\"; created:int=0; owned_by:str=\"\"" },
	{ "hf.lora_sd_config", "hf.lora_sd_config", false, "lora:hf.lora_sd=@hf.lora_sd; strength:float=0.5" },
	{ "hf.lora_sdxl_config", "hf.lora_sdxl_config", false,
	  "lora:hf.lora_sdxl=@hf.lora_sdxl; strength:float=0.5" },
	{ "comfy.lora_config", "comfy.lora_config", false,
	  "lora:comfy.lora_file=@comfy.lora_file; strength:float=1.0" },
	{ "tool_name", "tool_name", false, "name:str=\"\"" },
	{ "log_entry", "log_entry", false,
	  "message:str=\"\"; level:enum(:debug|info|warning|error)=\"info\"; timestamp:int=0" },
	{ "step", "step", false,
	  "id:str=\"\"; instructions:str; logs:list[log_entry]=[]; completed:bool=false; start_time:int=0; "
	  "end_time:int=0; depends_on:list[str]=[]; tools:list[str]?=null; tool_name:str?=null; "
	  "output_schema:str=\"\"" },
	{ "task", "task", false, "id:str=\"\"; title:str=\"\"; description:str=\"\"; steps:list[step]=[]" },
	{ "task_plan", "task_plan", false, "title:str=\"\"; tasks:list[task]=[]" },
	{ "torch_tensor", "torch_tensor", false, "value:bytes?=null; dtype:str=\"<i8\"; shape:tuple[int]=[1]" },
	{ "np_array", "np_array", false, "value:bytes?=null; dtype:str=\"<i8\"; shape:tuple[int]=[1]" },
	{ "record_type", "record_type", false, "columns:list[ColumnDef]=[]" },
	{ "dataframe", "dataframe", true, "data:list[list[any]]?=null; columns:list[ColumnDef]?=null" },
	{ "sklearn_model", "sklearn_model", false, "model:bytes?=null" },
	{ "statsmodels_model", "statsmodels_model", false, "model:bytes?=null" },
	{ "excel", "excel", true, "" },
	{ "ranking_result", "ranking_result", false, "score:float; text:str" },
	{ "image_segmentation_result", "image_segmentation_result", false, "label:str; mask:image" },
	{ "bounding_box", "bounding_box", false, "xmin:float; ymin:float; xmax:float; ymax:float" },
	{ "object_detection_result", "object_detection_result", false, "label:str; score:float; box:bounding_box" },
	{ "json", "json", true, "data:str?=null" },
	{ "svg", "svg", true, "data:bytes?=null" },
	{ "tool_call", "tool_call", false, "id:str; name:str; args:dict[str,any]" },
	{ "tool_result", "tool_result", false, "id:str; result:any; error:str?=null" },
	{ "chunk", "chunk", false,
	  "node_id:str?=null; thread_id:str?=null; workflow_id:str?=null; "
	  "content_type:enum(:text|audio|image|video|document)=\"text\"; content:str=\"\"; "
	  "content_metadata:dict[str,any]={}; done:bool=false; thinking:bool=false" },
	{ "message", "message", false,
	  "id:str?=null; workflow_id:str?=null; graph:any?=null; thread_id:str?=null; tools:list[str]?=null; "
	  "tool_call_id:str?=null; role:str=\"\"; name:str?=null; "
	  "content:union[str,dict[str,any],list[union[MessageTextContent,MessageImageContent,"
	  "MessageAudioContent,MessageVideoContent,MessageDocumentContent,MessageThoughtContent]]]?=null; "
	  "tool_calls:list[ToolCall]?=null; collections:list[str]?=null; input_files:list[MessageFile]?=null; "
	  "created_at:str?=null; provider:" ENUM_PROVIDER "?=null; model:str?=null; agent_mode:bool?=null; "
	  "help_mode:bool?=null; agent_execution_id:str?=null; execution_event_type:str?=null; "
	  "workflow_target:str?=null" },
	{ "audio_chunk", "audio_chunk", false, "timestamp:tuple[float,float]=[0,0]; text:str=\"\"" },
	{ "text_chunk", "text_chunk", false, "text:str=\"\"; source_id:str=\"\"; start_index:int=0" },
	{ "ocr_result", "ocr_result", false,
	  "text:str; score:float; top_left:tuple[int,int]; top_right:tuple[int,int]; "
	  "bottom_right:tuple[int,int]; bottom_left:tuple[int,int]" },
	{ "svg_element", "svg_element", false,
	  "name:str=\"\"; attributes:dict[str,str]={}; content:str?=null; children:list[svg_element]=[]" },
	{ "data_series", "data_series", false,
	  "name:str=\"\"; x:str=\"\"; y:str?=null; hue:str?=null; size:str?=null; style:str?=null; "
	  "weight:str?=null; color:str?=null; plot_type:" ENUM_SEABORNPLOTTYPE "=\"line\"; "
	  "estimator:" ENUM_SEABORNESTIMATOR "?=null; ci:float?=null; n_boot:int=1000; units:str?=null; "
	  "seed:int?=null; stat:" ENUM_SEABORNSTATISTIC "?=null; bins:union[int,str]?=null; binwidth:float?=null; "
	  "binrange:tuple[float,float]?=null; discrete:bool?=null; line_style:str=\"solid\"; marker:str=\".\"; "
	  "alpha:float=1.0; orient:enum(:v|h)?=null" },
	{ "plotly_series", "plotly_series", false,
	  "name:str; x:str; y:str?=null; color:str?=null; size:str?=null; symbol:str?=null; "
	  "line_dash:str?=null; chart_type:str" },
	{ "plotly_config", "plotly_config", false, "config:dict[str,any]={}" },
	{ "chart_data", "chart_data", false,
	  "series:list[data_series]=[]; row:str?=null; col:str?=null; col_wrap:int?=null" },
	{ "chart_config", "chart_config", false,
	  "title:str=\"\"; x_label:str=\"\"; y_label:str=\"\"; legend:bool=true; data:chart_data=@chart_data; "
	  "height:float?=null; aspect:float?=null; x_lim:tuple[float,float]?=null; "
	  "y_lim:tuple[float,float]?=null; x_scale:enum(:linear|log)?=null; y_scale:enum(:linear|log)?=null; "
	  "legend_position:enum(:auto|right|left|top|bottom)=\"auto\"; palette:str?=null; "
	  "hue_order:list[str]?=null; hue_norm:tuple[float,float]?=null; sizes:tuple[float,float]?=null; "
	  "size_order:list[str]?=null; size_norm:tuple[float,float]?=null; marginal_kws:dict?=null; "
	  "joint_kws:dict?=null; diag_kind:enum(:auto|hist|kde)?=null; corner:bool=false; center:float?=null; "
	  "vmin:float?=null; vmax:float?=null; cmap:str?=null; annot:bool=false; fmt:str=\".2g\"; "
	  "square:bool=false" },
	{ "color", "color", false, "value:str?=null" },
	{ "date_search_condition", "date_search_condition", false, "criteria:" ENUM_DATECRITERIA "; date:datetime" },
	{ "email_search_criteria", "email_search_criteria", false,
	  "from_address:str?=null; to_address:str?=null; subject:str?=null; body:str?=null; cc:str?=null; "
	  "label:str?=null; date_query:date_search_condition?=null; "
	  "date_condition:date_search_condition?=null; flags:list[" ENUM_EMAILFLAG "]=[]; keywords:list[str]=[]; "
	  "folder:str?=null; text:str?=null" },
	{ "email", "email", false,
	  "id:str=\"\"; subject:str=\"\"; sender:str=\"\"; date:datetime=@datetime; body:str=\"\"; snippet:str=\"\"; "
	  "thread_id:str=\"\"; labels:list[str]=[]; flags:list[" ENUM_EMAILFLAG "]=[]; keywords:list[str]=[]; "
	  "folder:str?=null; text:str?=null" },
	{ "imap_connection", "imap_connection", false,
	  "host:str=\"\"; port:int=993; username:str=\"\"; password:str=\"\"; use_ssl:bool=true" },
	{ "lora_weight", "lora_weight", false, "url:str=\"\"; scale:float=1.0" },
	{ "calendar_event", "calendar_event", false,
	  "title:str=\"\"; start_date:datetime=@datetime; end_date:datetime=@datetime; calendar:str=\"\"; "
	  "location:str=\"\"; notes:str=\"\"" },
	{ "source", "source", false, "title:str=\"\"; url:str=\"\"" },
	{ "organic_result", "organic_result", false,
	  "position:int; title:str; link:str; redirect_link:str?=null; displayed_link:str; date:str?=null; "
	  "snippet:str; snippet_highlighted_words:list[str]?=null; thumbnail:str?=null" },
	{ "news_result", "news_result", false,
	  "position:int; title:str?=null; link:str; thumbnail:str?=null; date:str" },
	{ "image_result", "image_result", false,
	  "position:int; thumbnail:str; original:str; original_width:int; original_height:int; "
	  "is_product:bool; source:str; title:str; link:str" },
	{ "job_result", "job_result", false,
	  "title:str?=null; company_name:str?=null; location:str?=null; via:str?=null; share_link:str?=null; "
	  "thumbnail:str?=null; extensions:list[str]?=null" },
	{ "visual_match_result", "visual_match_result", false,
	  "position:int; title:str?=null; link:str?=null; thumbnail:str?=null; thumbnail_width:int?=null; "
	  "thumbnail_height:int?=null; image:str?=null; image_width:int?=null; image_height:int?=null" },
	{ "local_result", "local_result", false,
	  "position:int; title:str?=null; place_id:str?=null; data_id:str?=null; data_cid:str?=null; "
	  "reviews_link:str?=null; photos_link:str?=null; gps_coordinates:dict[str,float]?=null; "
	  "place_id_search:str?=null; provider_id:str?=null; rating:float?=null; reviews:int?=null; "
	  "price:str?=null; types:list[str]?=null; address:str?=null; open_state:str?=null; hours:str?=null; "
	  "operating_hours:dict[str,str]?=null; phone:str?=null; website:str?=null; description:str?=null; "
	  "thumbnail:str?=null" },
	{ "shopping_result", "shopping_result", false,
	  "position:int; title:str?=null; link:str?=null; product_link:str?=null; product_id:str?=null; "
	  "source:str?=null; source_icon:str?=null; extensions:list[str]?=null; badge:str?=null; "
	  "thumbnail:str?=null; tag:str?=null; delivery:str?=null; price:str?=null; "
	  "extracted_price:float?=null; old_price:str?=null; extracted_old_price:float?=null; "
	  "rating:float?=null; reviews:int?=null; store_rating:float?=null; store_reviews:int?=null" },
	{ "MessageTextContent", "text", false, "text:str=\"\"" },
	{ "MessageImageContent", "image_url", false, "image:image=@image" },
	{ "MessageAudioContent", "audio", false, "audio:audio=@audio" },
	{ "MessageVideoContent", "video", false, "video:video=@video" },
	{ "MessageDocumentContent", "document", false, "document:document=@document" },
	{ "MessageThoughtContent", "thought", false, "text:str=\"\"; thought_signature:bytes?=null" },
	{ "MessageFile", "file", false, "content:bytes; mime_type:str" },
	{ "ToolCall", NULL, false,
	  "id:str=\"\"; name:str=\"\"; args:dict[str,any]={}; result:any=null; step_id:str?=null; "
	  "message:str?=null" },
	{ "ColumnDef", NULL, false,
	  "name:str; data_type:enum(:int|float|datetime|string|object); description:str=\"\"" },
};

const size_t typed_shape_count = ARRAY_LEN(typed_shapes);

static const char *const hf_names[] = {
	"hf.model", "hf.image_text_to_text", "hf.visual_question_answering", "hf.minicpm", "hf.gotocr",
	"hf.document_question_answering", "hf.video_text_to_text", "hf.computer_vision", "hf.depth_estimation",
	"hf.image_classification", "hf.object_detection", "hf.image_segmentation", "hf.text_to_image",
	"hf.stable_diffusion", "hf.stable_diffusion_checkpoint", "hf.stable_diffusion_xl",
	"hf.stable_diffusion_xl_checkpoint", "hf.stable_diffusion_3", "hf.stable_diffusion_3_checkpoint",
	"hf.stable_diffusion_xl_refiner", "hf.stable_diffusion_xl_refiner_checkpoint", "hf.flux",
	"hf.flux_checkpoint", "hf.flux_fp8", "hf.flux_fp8_checkpoint", "hf.flux_kontext",
	"hf.flux_kontext_checkpoint", "hf.flux_depth", "hf.flux_depth_checkpoint", "hf.flux_redux",
	"hf.flux_redux_checkpoint", "hf.inpainting", "hf.inpainting_checkpoint", "hf.qwen_image", "hf.qwen2_5_vl",
	"hf.qwen3_vl", "hf.qwen_image_checkpoint", "hf.qwen_image_edit", "hf.qwen_image_edit_checkpoint",
	"hf.controlnet", "hf.controlnet_sdxl", "hf.controlnet_flux", "hf.ip_adapter", "hf.style_model",
	"hf.lora_sd", "hf.lora_sdxl", "hf.lora_qwen_image", "hf.image_to_text", "hf.image_to_image",
	"hf.image_to_video", "hf.unconditional_image_generation", "hf.unet", "hf.vae", "hf.clip", "hf.t5",
	"hf.qwen_vl", "hf.clip_vision", "hf.video_classification", "hf.text_to_video",
	"hf.zero_shot_image_classification", "hf.mask_generation", "hf.zero_shot_object_detection",
	"hf.text_to_3d", "hf.image_to_3d", "hf.image_feature_extraction", "hf.natural_language_processing",
	"hf.text_classification", "hf.token_classification", "hf.table_question_answering",
	"hf.question_answering", "hf.zero_shot_classification", "hf.translation", "hf.summarization",
	"hf.feature_extraction", "hf.text_generation", "hf.text2text_generation", "hf.fill_mask",
	"hf.sentence_similarity", "hf.reranker", "hf.text_to_speech", "hf.text_to_audio",
	"hf.automatic_speech_recognition", "hf.audio_to_audio", "hf.audio_classification",
	"hf.zero_shot_audio_classification", "hf.real_esrgan", "hf.voice_activity_detection",
	NULL,
};

static const char *const inference_names[] = {
	"inference_provider_audio_classification_model", "inference_provider_automatic_speech_recognition_model",
	"inference_provider_image_classification_model", "inference_provider_image_to_image_model",
	"inference_provider_image_segmentation_model", "inference_provider_text_classification_model",
	"inference_provider_summarization_model", "inference_provider_text_to_image_model",
	"inference_provider_translation_model", "inference_provider_text_to_text_model",
	"inference_provider_text_to_speech_model", "inference_provider_text_to_audio_model",
	"inference_provider_text_generation_model",
	NULL,
};

static const char *const file_names[] = {
	"comfy.checkpoint_file", "comfy.unet_file", "comfy.vae_file", "comfy.clip_file", "comfy.unclip_file",
	"comfy.gligen_file", "comfy.clip_vision_file", "comfy.control_net_file", "comfy.ip_adapter_file",
	"comfy.lora_file", "comfy.upscale_model_file", "comfy.instant_id_file", "comfy.style_model_file",
	NULL,
};

static const char *const model_names[] = {
	"comfy.clip", "comfy.clip_vision", "comfy.gligen", "comfy.control_net", "comfy.vae", "comfy.unet",
	"comfy.instant_id", "comfy.upscale_model", "comfy.lora", "comfy.ip_adapter", "comfy.style_model",
	NULL,
};

static const char *const data_names[] = {
	"comfy.conditioning", "comfy.noise", "comfy.clip_vision_output", "comfy.guider", "comfy.latent",
	"comfy.image_tensor", "comfy.mask", "comfy.sigmas", "comfy.sampler", "comfy.embeds",
	"comfy.face_analysis", "comfy.face_embeds", "comfy.rembg_session",
	NULL,
};

const struct typed_family typed_families[] = {
	{ hf_names, "repo_id:str=\"\"; path:str?=null; variant:str?=null; allow_patterns:list[str]?=null; "
	  "ignore_patterns:list[str]?=null" },
	{ inference_names, "provider:" ENUM_INFERENCEPROVIDER "=\"hf-inference\"; model_id:str=\"\"" },
	{ file_names, "name:str=\"\"" },
	{ model_names, "name:str=\"\"; model:any=null" },
	{ data_names, "data:any=null" },
};

const size_t typed_family_count = ARRAY_LEN(typed_families);
