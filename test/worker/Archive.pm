package Archive;
# Archive.pm owns what the tests of exports share: reading archives and CSV with tools that are not ours.
use strict;
use warnings;
use Exporter 'import';
use File::Temp qw(tempdir tempfile);
use HTTP::Tiny;
use JSON::PP;
use Media;
use Social;
our @EXPORT = qw(unpacked packed records file_of_key unlike_database);

# The files of a zip archive, by name, as Python's zipfile reads them, which checks them as well.
sub unpacked
{
	my ($bytes) = @_;
	my $archive = made($bytes, 'zip');
	my $dir = tempdir('archive-XXXXXX', TMPDIR => 1, CLEANUP => 1);
	my $said = `python3 -c 'import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
z.extractall(sys.argv[2])
print("\\n".join(z.namelist()))' $archive $dir 2>&1`;
	die "no archive: $said" if $?;
	return map { $_ => file_of("$dir/$_") } split /\n/, $said;
}

# A zip archive of such files; its path.
sub packed
{
	my ($form, %files) = @_;
	my $dir = tempdir('archive-XXXXXX', TMPDIR => 1, CLEANUP => 1);
	my $list = '';
	my $n = 0;
	for my $name (sort keys %files)
	{
		open my $file, '>:raw', "$dir/" . ++$n or die;
		print $file $files{$name};
		close $file;
		$list .= "$n\t$name\n";
	}
	open my $file, '>:raw', "$dir/list" or die;
	print $file $list;
	close $file;
	my $said = `python3 -c 'import sys, zipfile
with zipfile.ZipFile(sys.argv[1] + "/made.zip", "w", getattr(zipfile, sys.argv[2])) as z:
    for line in open(sys.argv[1] + "/list"):
        number, name = line.rstrip("\\n").split("\\t")
        z.write(sys.argv[1] + "/" + number, name)' $dir $form 2>&1`;
	die "no archive: $said" if $?;
	return "$dir/made.zip";
}

# CSV (RFC 4180) as Python's csv reads it: a list of lists.
sub records
{
	my ($text) = @_;
	my $path = made($text, 'csv');
	my $out = `python3 -c 'import csv, json, sys
csv.field_size_limit(10**9)
print(json.dumps(list(csv.reader(open(sys.argv[1], encoding="utf-8", newline="")))))' $path`;
	die 'no CSV' if $?;
	my $lines = JSON::PP->new->decode($out);
	utf8::encode($_) for map { @$_ } @$lines;
	return @$lines;
}

# In which parts the files of an archive of a person differ from what the database has: rows, their number in either form, columns,
# or what the manifest says. Looking changes who has looked, and a mail tells that the archive is there.
sub unlike_database
{
	my ($id, %file) = @_;
	my $json = JSON::PP->new->utf8->canonical;
	my %told = map { $_->{path} => $_ } @{ $json->decode($file{'manifest.json'})->{files} };
	local $ENV{PGOPTIONS} = '-c timezone=UTC -c intervalstyle=iso_8601';
	my $said = psql("SELECT social.export_json($id)");
	utf8::encode($said) if utf8::is_utf8($said);
	my $database = $json->decode($said);
	my @wrong;
	for my $part (sort keys %$database)
	{
		my $rows = $json->decode($file{"data/$part.json"});
		my ($head, @lines) = records($file{"data/$part.csv"});
		my @counts = (scalar @$rows, scalar @lines, $told{"data/$part.json"}{rows});
		push @wrong, "$part: @counts" if grep { $_ != $counts[0] } @counts;
		push @wrong, "$part is " . $json->encode($rows) . ', not ' . $json->encode($database->{$part})
		  if $part !~ /^(login_attempts|sessions|acts|mails|exports)$/ && $json->encode($rows) ne $json->encode($database->{$part});
		push @wrong, "$part: @$head" if @$rows && join(' ', sort @$head) ne join(' ', sort keys %{ $rows->[0] });
	}
	return @wrong;
}

# What the store has under a key.
sub file_of_key
{
	my ($key) = @_;
	return fetch(psql("SELECT social.media_address('GET', '$key')"))->{content};
}

1;
