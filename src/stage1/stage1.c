/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stage1/stage1.h"

const Stage1 *stage1_of(const PodSettings *settings)
{
        static const Stage1 *const all[] = { &stage1_nspawn, &stage1_fly };

        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                if (all[i]->engine == engine_of(settings))
                        return all[i];
        return &stage1_nspawn;
}
