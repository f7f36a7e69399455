/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/socket.h>

#include "basic/fd.h"
#include "fuzz.h"
#include "image/transport/fetch-protocol.h"

/* What the process that talks to the network says, which may have been taken over. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const JsonType *const types[] = { &fetch_answer_type, &fetch_message_type };

        if (size == 0 || size > 65536)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                void *document;
                int fds[2];

                FUZZ_ASSERT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) >= 0);
                FUZZ_ASSERT(send(fds[0], data, size, 0) == (ssize_t) size);
                if (fetch_receive(fds[1], types[i], &document, NULL) > 0)
                        json_document_free(types[i], document);
                safe_close(fds[0]);
                safe_close(fds[1]);
        }
        return 0;
}
