# Prometheus and Grafana can use what docker/monitoring holds: promtool takes the live figures and the
# rules, the alerts fire when they should, and every figure that an alert or a panel names is there
# (seed 045, 153; issue 13 line 5).
use strict;
use warnings;
use File::Temp qw(tempdir);
use JSON::PP;
use Social;
use Test::More;

my $here       = 'docker/monitoring';
my $admin_port = free_port();
my $bridge     = start_bridge(ADMIN_PORT => $admin_port);
my $user       = account(url => $bridge->{url});
api(POST => '/graphql/', url => $bridge->{url}, json => { query => '{ allPosts(first: 1) { id } }' });
api(GET => '/api/posts/posts/', url => $bridge->{url}, token => $user->{token});
my $figures = api(GET => '/metrics', url => "http://127.0.0.1:$admin_port")->{content};

sub told { my ($command) = @_; my $said = `$command 2>&1`; return ($? >> 8, $said) }
sub write_file { my ($path, $text) = @_; open my $file, '>', $path or die "$path: $!"; print $file $text; close $file }
sub slurp { my ($path) = @_; open my $file, '<', $path or die "$path: $!"; local $/; return scalar <$file> }

my $dir = tempdir(CLEANUP => 1);
write_file("$dir/figures", $figures);
my ($status, $said) = told("promtool check metrics < $dir/figures");
is($status, 0, 'seed 045: promtool check metrics takes the live figures') or diag($said);
is($said, '', 'and finds nothing to say');
($status, $said) = told("promtool check metrics < $here/alerts.yml");
isnt($status, 0, 'as it does of what is none');
($status, $said) = told("promtool check rules $here/alerts.yml");
is($status, 0, 'promtool check rules takes the alerts') or diag($said);
like($said, qr/SUCCESS: \d+ rules found/, 'all of them');
($status, $said) = told("promtool check config --syntax-only $here/prometheus.yml");
is($status, 0, 'and the configuration') or diag($said);
write_file("$dir/test.yml", slurp('test/operate/alerts.yml') =~ s{RULES}{$ENV{PWD}/$here/alerts.yml}r);
($status, $said) = told("promtool test rules $dir/test.yml");
is($status, 0, 'seed 153: alerts fire when they should, and not before') or diag($said);
write_file("$dir/test.yml", slurp('test/operate/alerts.yml') =~ s{RULES}{$ENV{PWD}/$here/alerts.yml}r =~ s/101 of failed_logins/7 of failed_logins/r);
isnt((told("promtool test rules $dir/test.yml"))[0], 0, 'this test can fail');

# ---- what they name is there
my %type = $figures =~ /^# TYPE (\w+) (\w+)$/mg;
my %known = (up => 1, map { $type{$_} eq 'histogram' ? ("${_}_bucket" => 1, "${_}_sum" => 1, "${_}_count" => 1) : ($_ => 1) } keys %type);
# A database without a worker has no figures of its steps.
$known{$_} = 1 for qw(social_worker_age_seconds social_worker_step_age_seconds social_worker_step_done_total social_worker_step_runs_total);
my $unknown = sub { my ($text) = @_; my %seen; return join ' ', sort grep { !$known{$_} && !$seen{$_}++ } $text =~ /\b((?:social|process)_\w+)/g };
my @alerts = slurp("$here/alerts.yml") =~ /^ +expr: (?:>\n((?: {10}.*\n)+)|(.*)\n)/mg;
is($unknown->(join "\n", grep { defined } @alerts), '', 'every figure of the alerts is there');
my $dashboard = decode_json(slurp("$here/dashboard.json"));
my @panels    = grep { $_->{type} ne 'row' } @{ $dashboard->{panels} };
cmp_ok(scalar @panels, '>', 15, 'the dashboard has panels');
is($unknown->(join "\n", map { $_->{expr} } map { @{ $_->{targets} } } @panels), '', 'every figure of theirs is there');
is($unknown->('rate(social_nonsense_total[5m])'), 'social_nonsense_total', 'one that is not would be told');
# Their expressions parse: promtool reads them as rules.
my $rules = join '', map { my $expr = $_->{expr} =~ s/\$__rate_interval/5m/gr =~ s/\$instance/.*/gr; "  - record: x\n    expr: |\n      $expr\n" } map { @{ $_->{targets} } } @panels;
write_file("$dir/panels.yml", "groups:\n- name: panels\n  rules:\n$rules");
($status, $said) = told("promtool check rules --lint=none $dir/panels.yml");
is($status, 0, 'and Prometheus can read them') or diag($said);
my %ids;
is(scalar(grep { $ids{ $_->{id} }++ } @{ $dashboard->{panels} }), 0, 'panels have ids of their own');
is($bridge->stop, 0, 'a clean end');
done_testing;
