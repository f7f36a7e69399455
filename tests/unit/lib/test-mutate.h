/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Other people's documents have values of types that nobody expects there. */

/* Calls see() with each copy of a JSON document in which one value is replaced by null, a text, a number, a boolean, an
 * array or an object, some of them with null inside. */
void each_mutation(const char *document, void (*see)(const char *text));
