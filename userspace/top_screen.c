// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table that is refreshed in place, with the few control sequences that all terminals have.
 *
 * The screen is not cleared between two tables, so that it does not flicker, and no mode of the
 * terminal is changed: nothing has to be restored when the tool ends, and the last table remains.
 * Depends on nothing.
 */
#include "top_screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_ROWS 24
#define DEFAULT_COLUMNS 80
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

/**
 * mu_top_screen_is_there() - check whether tables can be refreshed in place
 *
 * Return: true if stdout is a terminal that understands control sequences.
 */
bool mu_top_screen_is_there(void)
{
	const char *type = getenv("TERM");

	return isatty(STDOUT_FILENO) && type && *type && strcmp(type, "dumb");
}

/**
 * mu_top_screen_size() - get the size of the terminal
 *
 * Return: its size now, 24 lines of 80 columns if it is not known, as on a serial line.
 */
struct mu_top_screen mu_top_screen_size(void)
{
	struct mu_top_screen screen = { DEFAULT_ROWS, DEFAULT_COLUMNS };
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return screen;
	if (size.ws_row)
		screen.rows = size.ws_row;
	if (size.ws_col)
		screen.columns = size.ws_col;
	return screen;
}

/**
 * mu_top_screen_start() - move what is on the screen out of the way, into the terminal's history
 */
void mu_top_screen_start(void)
{
	struct mu_top_screen screen = mu_top_screen_size();

	for (size_t i = 1; i < screen.rows; i++)
		putchar('\n');
	fputs(HOME, stdout);
}

/**
 * mu_top_screen_show() - show a table in place of the last one
 * @text: its lines, not longer and not more than the terminal has
 */
void mu_top_screen_show(const char *text)
{
	const char *end;

	fputs(HOME, stdout);
	/* Cleared first: behind a line of full width, the cursor is still on its last character. */
	for (; (end = strchr(text, '\n')); text = end + 1)
		printf(CLEAR_LINE "%.*s\n", (int)(end - text), text);
	fputs(CLEAR_BELOW, stdout);
	fflush(stdout);
}
