/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/yaml/yaml-json.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_json_error_ JsonError e = {};
        _cleanup_(yaml_lines_freep) YamlLines *lines = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        int r = yaml_parse_memory((const char *) data, size, &o, &lines, &e);

        /* What is refused is refused with a word. */
        FUZZ_ASSERT(r >= 0 || r == -ENOMEM || e.message);
        if (r >= 0 && json_object_array_length(o) > 0)
                (void) yaml_place_of((YamlDocument) { json_object_array_get_idx(o, 0), lines }, "a.b[2].c: text");
        return 0;
}
