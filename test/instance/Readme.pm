package Readme;
# The console blocks of the README, and of the administrator's pages after it, run against an instance that has just been made: each command's
# output must be what is printed below it, but for times and tokens.
use strict;
use warnings;
use Exporter 'import';
use Test::More;
our @EXPORT = qw(shell readme_holds);

# Runs a command under bash; returns its output, in list context with its exit status.
sub shell
{
	my ($command) = @_;
	open my $pipe, '-|', 'bash', '-o', 'pipefail', '-c', "$command 2>&1" or die;
	local $/;
	my $output = <$pipe> // '';
	close $pipe;
	return wantarray ? ($output, $? >> 8) : $output;
}

# [{command, want}] of every ```console block of a file.
sub examples
{
	my ($path) = @_;
	open my $readme, '<', $path or die "$path: $!";
	my ($inside, @examples);
	while (<$readme>)
	{
		if (/^```console/) { $inside = 1; next }
		if (/^```/)        { $inside = 0; next }
		next unless $inside;
		if    (/^\$ (.*)$/s) { push @examples, { command => $1, want => '' } }
		elsif (@examples && $examples[-1]{command} =~ /\\\n\z/) { $examples[-1]{command} .= $_ }
		else { $examples[-1]{want} .= $_ if @examples }
	}
	chomp $_->{command} for @examples;
	return @examples;
}

# What differs from run to run.
sub steady
{
	my ($text) = @_;
	$text =~ s/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00(:00)?|Z)?/TIME/g;
	$text =~ s/eyJ[\w.-]+/TOKEN/g;
	$text =~ s/\s+\z//;
	return $text;
}

# Runs them in the checkout $top; where the instance is elsewhere than the README says, %at names its
# run_dir, http and pg (ports). Assignments of variables hold for the commands after them.
sub readme_holds
{
	my ($top, %at) = @_;
	my @examples = (examples("$top/README.md"), examples("$top/sql/ADMIN.md"));
	cmp_ok(scalar @examples, '>=', 3, 'the README shows psql, curl and GraphQL');
	my $prelude = "cd '$top'; export PGTZ=UTC; ";
	for my $example (@examples)
	{
		my $command = $example->{command};
		$command =~ s/-h \S*\.run\S* -p 15432/-h '$at{run_dir}' -p $at{pg}/g if $at{run_dir};
		$command =~ s/127\.0\.0\.1:8000/127.0.0.1:$at{http}/g if $at{http};
		if ($command =~ /^([A-Z]+)=/)
		{
			# Once, as in a shell: a log-in for each command would meet the limit of log-ins.
			my $value = shell(qq{$prelude$command; printf %s "\$$1"});
			$prelude .= "$1='$value'; ";
			next;
		}
		is(steady(shell("$prelude$command")), steady($example->{want}), "README: " . ($command =~ /^(.{1,60})/)[0]);
	}
}

1;
