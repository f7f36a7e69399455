/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "api/api.pb-c.h"
#include "basic/macro.h"

/* Which pods and images a list has (api.proto). Pure: they are looked at as they are answered. */

/* Whether any of the filters fits; true without a filter. */
bool api_filter_has_pod(V1alpha__PodFilter *const *filters, size_t n, const V1alpha__Pod *pod);
bool api_filter_has_image(V1alpha__ImageFilter *const *filters, size_t n, const V1alpha__Image *image);
/* NULL fits. The times are the caller's to look at. */
bool api_filter_has_event(const V1alpha__EventFilter *filter, const V1alpha__Event *event);
