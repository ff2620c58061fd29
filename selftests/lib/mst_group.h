/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines of groups in control. */
#ifndef MST_GROUP_H
#define MST_GROUP_H

char *mst_group_line(int id);
long mst_group_number(int id, const char *words);

#endif
