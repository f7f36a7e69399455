/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why a file that another one names was not read (read_named_file()). */
const char *foreign_read_error(int error);
