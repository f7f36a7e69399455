/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "calls/call-request.h"
#include "cri/cri-messages.h"
#include "fuzz.h"

/* The first byte says which request the others are. */

static const ProtobufCMessageDescriptor *const kinds[] = {
        &cri__create_container_request__descriptor, &cri__run_pod_sandbox_request__descriptor,
        &cri__update_container_resources_request__descriptor, &cri__list_containers_request__descriptor,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const ProtobufCMessageDescriptor *kind = kinds[size > 0 ? *data % ELEMENTSOF(kinds) : 0];
        const size_t n = size > 0 ? size - 1 : 0;
        const uint8_t *bytes = size > 0 ? data + 1 : data;
        ProtobufCMessage *request = protobuf_c_message_unpack(kind, NULL, n, bytes);
        int value;

        (void) call_request_find_nul(kind, bytes, n);
        if (!request)
                return 0;
        (void) call_request_find_bad_string(request);
        (void) call_request_find_unknown(request, &value);
        protobuf_c_message_free_unpacked(request, NULL);
        return 0;
}
