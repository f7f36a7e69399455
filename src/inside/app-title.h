/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a program inside a pod looks to those that list processes (`systemctl status` of the pod's unit, ps, top): the
 * words of TITLE, with spaces between them, replace the arguments it was started with (proc_pid_cmdline(5)). What does
 * not fit is cut off. Nothing may use the arguments any more. */
void app_title_set(int argc, char *argv[], const char *title);
