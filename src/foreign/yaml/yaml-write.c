/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <yaml.h>

#include "basic/string-util.h"
#include "foreign/yaml/yaml-scalar.h"
#include "foreign/yaml/yaml-write.h"

#define LINE_MAX_COLUMNS 120

/* Each event is the emitter's, also when it fails. */

static int emit(yaml_emitter_t *e, yaml_event_t *event, int made)
{
        return made && yaml_emitter_emit(e, event) ? 0 : -EIO;
}

/* Plain where a reader takes it for the same text. */
static yaml_scalar_style_t style_of(const char *text)
{
        json_object *meant = NULL;
        int r = yaml_scalar(text, strlen(text), NULL, true, &meant);
        bool plain = r >= 0 && json_object_is_type(meant, json_type_string) && !strchr(text, '\n') &&
                     !strchr("0123456789.-+=~", *text);

        (void) json_object_put(meant);
        return plain                ? YAML_ANY_SCALAR_STYLE
               : strchr(text, '\n') ? YAML_LITERAL_SCALAR_STYLE
                                    : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
}

static int write_scalar(yaml_emitter_t *e, const char *text, yaml_scalar_style_t style)
{
        yaml_event_t event;

        return emit(e, &event,
                    yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *) text, (int) strlen(text), 1,
                                                 1, style));
}

static int write_value(yaml_emitter_t *e, json_object *value);

static int write_members(yaml_emitter_t *e, json_object *object)
{
        json_object_object_foreach(object, name, value) {
                int r = write_scalar(e, name, style_of(name));

                if (r >= 0)
                        r = write_value(e, value);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int write_object(yaml_emitter_t *e, json_object *object)
{
        yaml_event_t event;
        yaml_mapping_style_t style =
                json_object_object_length(object) == 0 ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE;
        int r = emit(e, &event, yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, style));

        if (r >= 0)
                r = write_members(e, object);
        return r < 0 ? r : emit(e, &event, yaml_mapping_end_event_initialize(&event));
}

static int write_array(yaml_emitter_t *e, json_object *array)
{
        yaml_event_t event;
        yaml_sequence_style_t style =
                json_object_array_length(array) == 0 ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE;
        int r = emit(e, &event, yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, style));

        for (size_t i = 0; r >= 0 && i < json_object_array_length(array); i++)
                r = write_value(e, json_object_array_get_idx(array, i));
        return r < 0 ? r : emit(e, &event, yaml_sequence_end_event_initialize(&event));
}

static int write_value(yaml_emitter_t *e, json_object *value)
{
        const char *text;

        if (json_object_is_type(value, json_type_object))
                return write_object(e, value);
        if (json_object_is_type(value, json_type_array))
                return write_array(e, value);
        text = value ? json_object_get_string(value) : "null";
        return write_scalar(e, text,
                            json_object_is_type(value, json_type_string) ? style_of(text) : YAML_PLAIN_SCALAR_STYLE);
}

static int write_document(yaml_emitter_t *e, json_object *document, bool first)
{
        yaml_event_t event;
        int r = emit(e, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, first));

        if (r >= 0)
                r = write_value(e, document);
        return r < 0 ? r : emit(e, &event, yaml_document_end_event_initialize(&event, 1));
}

int yaml_write(json_object *documents, FILE *f)
{
        yaml_emitter_t e;
        yaml_event_t event;
        int r;

        if (!yaml_emitter_initialize(&e))
                return -ENOMEM;
        yaml_emitter_set_output_file(&e, f);
        yaml_emitter_set_unicode(&e, 1);
        yaml_emitter_set_width(&e, LINE_MAX_COLUMNS);
        r = emit(&e, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
        for (size_t i = 0; r >= 0 && i < json_object_array_length(documents); i++)
                r = write_document(&e, json_object_array_get_idx(documents, i), i == 0);
        if (r >= 0)
                r = emit(&e, &event, yaml_stream_end_event_initialize(&event));
        yaml_emitter_delete(&e);
        return r;
}
