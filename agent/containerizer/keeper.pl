# The keeper: the small process that forks for the agent and waits for what it forked.
#
# Node cannot fork, and its spawn copies the page tables of a large process for every task. A keeper
# of a few megabytes forks in a fraction of the time, holds each child at a barrier, and outlives the
# agent: when the agent is killed it abandons what is held, goes on waiting for what runs, writes
# each true exit status into a file, and ends with the last of them. Perl's base package is there on
# every system that has a shell worth the name, and has waitpid, which shells hide behind 128 + n.
#
# Requests on standard input, answers on standard output:
#   H id bytes\n payload   fork a child and hold it    P id pid\n
#   R id\n                 let it run
#   A id\n                 never let it run
#                          it has ended                X id exit|signal|abandoned|failed text\n
#                          the same, with nothing left of all that it started: W instead of X
# Payload, each field ended by NUL: directory, stdout, stderr, file, count, arguments, environment.
# Before X or W is sent, the same words are in the file EXITS/id.
use strict;
use warnings;
use Fcntl qw(O_WRONLY O_APPEND O_CREAT O_RDONLY O_NOFOLLOW F_GETFL F_SETFL O_NONBLOCK);
use POSIX qw(:sys_wait_h setsid dup2 _exit uname);

my ($exits) = @ARGV;
umask 022;
setsid();
# Descriptors that the agent itself inherited are no business of tasks.
if (opendir my $descriptors, '/proc/self/fd') {
  my @open = grep { /^\d+$/ && $_ > 2 && $_ != fileno $descriptors } readdir $descriptors;
  closedir $descriptors;
  POSIX::close($_) for @open;
}
# Orphans of tasks become our children rather than those of init: whether something is left of a task
# is seen by our having a child that we did not fork, without a look at every process of the host.
use constant SUBREAPER => 36;
my %prctl = (x86_64 => 157, aarch64 => 167, riscv64 => 167, loongarch64 => 167);
my $prctl = $prctl{(uname())[4]};
my $adopts = defined $prctl && syscall($prctl, SUBREAPER, 1, 0, 0, 0) == 0;

$SIG{PIPE} = 'IGNORE';
pipe(my $wakeRead, my $wakeWrite) or die "pipe: $!";
for my $end ($wakeRead, $wakeWrite) {
  fcntl($end, F_SETFL, fcntl($end, F_GETFL, 0) | O_NONBLOCK);
}
$SIG{CHLD} = sub { syswrite $wakeWrite, 'c' };

my %barrier;    # id -> write end of the pipe that a held child reads
my %idOf;       # pid -> id
my ($input, $output, $agent) = ('', '', 1);

while ($agent || %idOf) {
  my $ready = '';
  vec($ready, fileno(STDIN), 1) = 1 if $agent;
  vec($ready, fileno($wakeRead), 1) = 1;
  my $count = select($ready, undef, undef, undef);
  if ($count > 0) {
    sysread $wakeRead, my $drained, 4096 if vec($ready, fileno($wakeRead), 1);
    listen_to_agent() if $agent && vec($ready, fileno(STDIN), 1);
  }
  reap();
  answer();
}

sub listen_to_agent {
  my $read = sysread STDIN, $input, 262144, length $input;
  return if !defined $read && $!{EINTR};
  if (!$read) {
    # The agent is gone: held children see the end of their pipes and exit without running.
    $agent = 0;
    %barrier = map { close $barrier{$_}; ($_ => undef) } keys %barrier;
    close STDOUT;
    return;
  }
  while ($input =~ /\A([HRA]) (\S+)(?: (\d+))?\n/) {
    my ($what, $id, $bytes, $head) = ($1, $2, $3, length $&);
    if ($what eq 'H') {
      last if length($input) < $head + $bytes;
      hold($id, substr $input, $head, $bytes);
      substr $input, 0, $head + $bytes, '';
      next;
    }
    substr $input, 0, $head, '';
    my $pipe = $barrier{$id};
    next if !defined $pipe;
    if ($what eq 'R') {
      syswrite $pipe, "\n";
      delete $barrier{$id};
    } else {
      $barrier{$id} = undef;
    }
    close $pipe;
  }
}

sub hold {
  my ($id, $payload) = @_;
  my $pipe;
  my $pid = pipe(my $wait, $pipe) ? fork : undef;
  if (!defined $pid) {
    record($id, "failed cannot fork: $!", 'X');
    return;
  }
  if ($pid == 0) {
    close $pipe;
    run_held($id, $payload, $wait);
    _exit(127);
  }
  close $wait;
  $barrier{$id} = $pipe;
  $idOf{$pid} = $id;
  $output .= "P $id $pid\n";
}

sub run_held {
  my ($id, $payload, $wait) = @_;
  close $_ for grep { defined } values %barrier;
  setsid();
  $SIG{$_} = 'DEFAULT' for qw(PIPE CHLD);
  my ($directory, $stdout, $stderr, $file, $count, @rest) = split /\0/, $payload, -1;
  pop @rest;
  my @arguments = splice @rest, 0, $count;
  my @files = ([0, '/dev/null', O_RDONLY], map { [$_->[0], $_->[1], O_WRONLY | O_APPEND | O_CREAT
    | O_NOFOLLOW] } [1, $stdout], [2, $stderr]);
  for (@files) {
    my ($number, $path, $flags) = @$_;
    my $opened = POSIX::open($path, $flags, 0644);
    return fail($id, "cannot open $path: $!") if !defined $opened;
    next if $opened == $number;
    dup2($opened, $number);
    POSIX::close($opened);
  }
  my $told = sysread $wait, my $word, 1;
  _exit(125) if !$told;
  chdir $directory or return fail($id, "cannot enter $directory: $!");
  %ENV = map { split /=/, $_, 2 } @rest;
  no warnings 'exec';
  exec { $file } @arguments;
  fail($id, "cannot run $file: $!");
}

# The parent cannot tell an exit status of a child that never ran from one that did.
sub fail {
  my ($id, $text) = @_;
  if (open my $note, '>', "$exits/$id.failed") {
    print $note $text;
    close $note;
  }
  return;
}

sub reap {
  my ($pid, @ended);
  while (($pid = waitpid -1, WNOHANG) > 0) {
    my ($id, $status) = (delete $idOf{$pid}, $?);
    next if !defined $id;
    my $words = $status & 127 ? 'signal ' . ($status & 127) : 'exit ' . ($status >> 8);
    if (exists $barrier{$id}) {
      $words = 'abandoned';
      my $pipe = delete $barrier{$id};
      close $pipe if defined $pipe;
    }
    if (open my $note, '<', "$exits/$id.failed") {
      my $text = <$note> // '';
      $text =~ tr/\n/ /;
      $words = "failed $text";
      close $note;
      unlink "$exits/$id.failed";
    }
    push @ended, [$id, $words];
  }
  return if !@ended;
  my $hasChildren = $pid == 0;
  my $isAlone = $adopts && !($hasChildren && has_adopted());
  record(@$_, $isAlone ? 'W' : 'X') for @ended;
}

# Whoever leaves the list of our children leaves it through our waitpid: reading misses none.
sub has_adopted {
  open my $list, '<', "/proc/$$/task/$$/children" or return 1;
  my $children = <$list> // '';
  close $list;
  return scalar grep { !exists $idOf{$_} } split ' ', $children;
}

sub record {
  my ($id, $words, $answer) = @_;
  # Renamed into place, so that whoever reads it after our death never sees half of it.
  if (open my $file, '>', "$exits/.$id") {
    print $file "$words\n";
    close $file;
    rename "$exits/.$id", "$exits/$id";
  }
  $output .= "$answer $id $words\n";
}

sub answer {
  while ($agent && length $output) {
    my $written = syswrite STDOUT, $output;
    if (!defined $written) {
      next if $!{EINTR};
      last;
    }
    substr $output, 0, $written, '';
  }
  $output = '' if !$agent;
}
