/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Fields of a pod's status that are addresses ("Downward API"), and the words of AppcPodApp.address_variables for them.
 * NULL: not one of them. */
const char *kube_address_of_field(const char *field);
const char *kube_field_of_address(const char *word);
