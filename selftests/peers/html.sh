#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The format html is opened in Debian's chromium, which clicks, types and looks at the frames.

format=html
. "$(dirname "$0")/flame.sh"
