/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/verb.h"

/* Each verb is in the file of its name, verb-NAME.c, or of one that differs in one word: all of app in verb-app.c, exec
 * in verb-enter.c, image fetch in verb-fetch.c, image render in verb-image-extract.c, image untag in verb-image-tag.c,
 * network inspect in verb-network-list.c, serve-metrics in verb-metrics.c, volume inspect in verb-volume-list.c, volume
 * import in verb-volume-export.c. */

extern const Verb verb_api_service, verb_app_add, verb_app_exec, verb_app_list, verb_app_reopen_log, verb_app_rm,
        verb_app_sandbox, verb_app_start, verb_app_status, verb_app_stop, verb_attach, verb_build, verb_cat_manifest,
        verb_check, verb_complete, verb_completion, verb_config, verb_cp, verb_create, verb_delete, verb_edit,
        verb_enter, verb_events, verb_exec, verb_export, verb_fetch, verb_gc, verb_generate_kube, verb_help,
        verb_image_cat_manifest, verb_image_export, verb_image_extract, verb_image_fetch, verb_image_gc,
        verb_image_list, verb_image_push, verb_image_render, verb_image_rm, verb_image_tag, verb_image_untag,
        verb_image_verify, verb_inspect, verb_launch, verb_list, verb_logs, verb_metadata_service, verb_metrics,
        verb_network_inspect, verb_network_list, verb_network_reload, verb_port, verb_prepare, verb_refresh,
        verb_restart, verb_rm, verb_run, verb_run_prepared, verb_serve_group, verb_serve_metrics, verb_sign,
        verb_start_scheduled, verb_stats, verb_status, verb_stop, verb_system_df, verb_tear_down, verb_top, verb_trust,
        verb_update, verb_version, verb_volume_create, verb_volume_export, verb_volume_import, verb_volume_inspect,
        verb_volume_list, verb_volume_rm;
