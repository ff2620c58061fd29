/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The note with the build-id that Go's linker writes into each program, with a short build-id
 * here.
 */
	.section .note.go.buildid, "a", @note
	.balign	4
	.long	4, 4, 4
	.ascii	"Go\0\0"
	.ascii	"test"
	.section .note.GNU-stack, "", @progbits
