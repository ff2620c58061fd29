#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Collects words in hashes and lists, splits them again, and sorts them.
use strict;
use warnings;

my (%lines, @records, %count);
for my $number (1 .. 8000) {
	my $word = 'word' . $number % 700;
	$lines{$word} .= "$number,";
	push @records, { word => $word, number => $number };
}
for my $word (sort keys %lines) {
	$count{$word} += $_ % 7 for split /,/, $lines{$word};
}
my @sorted = sort { $a->{word} cmp $b->{word} || $a->{number} <=> $b->{number} } @records;
print scalar(@sorted), ' ', join(',', map { $count{$_} } sort keys %count), "\n";
