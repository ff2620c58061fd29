#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The format svg is opened in Debian's chromium, which clicks, types and looks at the frames.

format=svg
. "$(dirname "$0")/flame.sh"
