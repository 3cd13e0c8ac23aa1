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
# Payload, each field ended by NUL: directory, stdout, stderr, rotation, file, count, arguments,
# environment. Rotation is empty, or `BYTES FILES`: see write_rotated.
# Before X or W is sent, the same words are in the file EXITS/id; on a full disk as soon as there is
# room, whether the agent lives or not.
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
# How long the end of a task waits for what it printed; only what outlives it can use that up.
use constant WRITTEN_LATE_S => 2;
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
my %writerOf;   # pid -> id, of processes that write the output of a task
my %ended;      # id -> how it ended, and when to tell so although its output may not be written yet
my %unwritten;  # id -> how it ended, for which there was no room
my ($input, $output, $agent) = ('', '', 1);

while ($agent || %idOf || %ended || %unwritten) {
  my $ready = '';
  vec($ready, fileno(STDIN), 1) = 1 if $agent;
  vec($ready, fileno($wakeRead), 1) = 1;
  my $count = select($ready, undef, undef, %ended || %unwritten ? 0.1 : undef);
  if ($count > 0) {
    sysread $wakeRead, my $drained, 4096 if vec($ready, fileno($wakeRead), 1);
    listen_to_agent() if $agent && vec($ready, fileno(STDIN), 1);
  }
  reap();
  for my $id (keys %unwritten) {
    delete $unwritten{$id} if write_record($id, $unwritten{$id});
  }
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
  my ($directory, $stdout, $stderr, $rotation, @rest) = split /\0/, $payload, -1;
  my @outputs = $rotation eq '' ? () : start_writer($id, $rotation, $stdout, $stderr);
  my $isReady = $rotation eq '' || @outputs;
  my $pipe;
  my $pid = $isReady && pipe(my $wait, $pipe) ? fork : undef;
  if (!defined $pid) {
    record($id, "failed cannot fork: $!", 'X');
    return;
  }
  if ($pid == 0) {
    close $pipe;
    run_held($id, $wait, $directory, @outputs ? \@outputs : [$stdout, $stderr], @rest);
    _exit(127);
  }
  close $_ for $wait, @outputs;
  $barrier{$id} = $pipe;
  $idOf{$pid} = $id;
  $output .= "P $id $pid\n";
}

# Each output is a path, or a pipe that is open already.
sub run_held {
  my ($id, $wait, $directory, $outputs, $file, $count, @rest) = @_;
  close $_ for grep { defined } values %barrier;
  setsid();
  $SIG{$_} = 'DEFAULT' for qw(PIPE CHLD);
  pop @rest;
  my @arguments = splice @rest, 0, $count;
  my $flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW;
  for ([0, '/dev/null', O_RDONLY], [1, $outputs->[0], $flags], [2, $outputs->[1], $flags]) {
    my ($number, $path, $how) = @$_;
    my $opened = ref $path ? fileno $path : POSIX::open($path, $how, 0644);
    return fail($id, "cannot open $path: $!") if !defined $opened;
    next if $opened == $number;
    dup2($opened, $number);
    POSIX::close($opened) if !ref $path;
  }
  my $told = sysread $wait, my $word, 1;
  _exit(125) if !$told;
  chdir $directory or return fail($id, "cannot enter $directory: $!");
  %ENV = map { split /=/, $_, 2 } @rest;
  no warnings 'exec';
  exec { $file } @arguments;
  fail($id, "cannot run $file: $!");
}

# Forks the process that writes what a task prints, and answers the pipes that it reads; nothing when
# it cannot. It ends when nobody is left who could write, whatever becomes of us or of the agent.
sub start_writer {
  my ($id, $rotation, @paths) = @_;
  pipe(my $readOut, my $out) && pipe(my $readError, my $error) or return;
  my $pid = fork;
  return if !defined $pid;
  if ($pid != 0) {
    $writerOf{$pid} = $id;
    return ($out, $error);
  }
  setsid();
  $SIG{$_} = 'IGNORE' for qw(HUP INT QUIT TERM);
  $SIG{CHLD} = 'DEFAULT';
  # Whoever waits for the end of one of these pipes would wait for us.
  close $_ for $out, $error, $wakeRead, $wakeWrite, grep { defined } values %barrier;
  open STDIN, '<', '/dev/null';
  open STDOUT, '>', '/dev/null';
  write_rotated($rotation, [$readOut, $paths[0]], [$readError, $paths[1]]);
  _exit(0);
}

# Once a file has BYTES it becomes FILE.1, what was FILE.1 becomes FILE.2, and so on, FILES of them
# in all. Files are cut at the ends of lines, where these are not longer than what is read at once.
sub write_rotated {
  my ($rotation, @streams) = @_;
  my ($most, $files) = split / /, $rotation;
  for my $stream (@streams) {
    $stream->[2] = open_output($stream->[1], 0);
    $stream->[3] = defined $stream->[2] ? -s $stream->[2] : 0;
  }
  while (@streams) {
    my $ready = '';
    vec($ready, fileno $_->[0], 1) = 1 for @streams;
    next if select($ready, undef, undef, undef) < 0;
    my @left;
    for my $stream (@streams) {
      my ($read, $text) = (-1, '');
      $read = sysread $stream->[0], $text, 65536 if vec($ready, fileno $stream->[0], 1);
      push @left, $stream if !defined $read || $read != 0;
      next if !defined $read || $read <= 0;
      my $break = rindex $text, "\n";
      my $isFull = $stream->[3] + $read >= $most;
      my $first = $isFull && $break >= 0 ? $break + 1 : $read;
      write_out($stream, substr $text, 0, $first);
      next if !$isFull;
      rotate($stream, $files);
      write_out($stream, substr $text, $first);
    }
    @streams = @left;
  }
}

# A disk that is full takes nothing, neither from us nor from the task if it wrote itself; it goes on.
sub write_out {
  my ($stream, $text) = @_;
  my $file = $stream->[2];
  while (defined $file && length $text) {
    my $written = syswrite $file, $text;
    next if !defined $written && $!{EINTR};
    return if !defined $written;
    $stream->[3] += $written;
    substr $text, 0, $written, '';
  }
}

sub rotate {
  my ($stream, $files) = @_;
  my (undef, $path, $file) = @$stream;
  return if $files < 2;
  rename "$path." . ($_ - 1), "$path.$_" for reverse 2 .. $files - 1;
  # What the task itself may have put in the place of its output is neither followed nor written to.
  return if !rename $path, "$path.1";
  my $next = open_output($path, POSIX::O_EXCL());
  return if !defined $next;
  close $file if defined $file;
  @$stream[2, 3] = ($next, 0);
}

sub open_output {
  my ($path, $flags) = @_;
  sysopen(my $file, $path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | $flags, 0644) or return;
  return $file;
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
  my $pid;
  while (($pid = waitpid -1, WNOHANG) > 0) {
    delete $writerOf{$pid};
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
    $ended{$id} = [$words, time + WRITTEN_LATE_S];
  }
  return if !%ended;
  my $isAlone = $adopts && !($pid == 0 && has_adopted());
  # Whoever hears of an end finds all that was printed, but for what daemons that were left may add.
  my %isWriting = map { $_ => 1 } values %writerOf;
  for my $id (keys %ended) {
    my ($words, $late) = @{$ended{$id}};
    next if $isWriting{$id} && time < $late;
    delete $ended{$id};
    record($id, $words, $isAlone ? 'W' : 'X');
  }
}

# Whoever leaves the list of our children leaves it through our waitpid: reading misses none.
sub has_adopted {
  open my $list, '<', "/proc/$$/task/$$/children" or return 1;
  my $children = <$list> // '';
  close $list;
  return scalar grep { !exists $idOf{$_} && !exists $writerOf{$_} } split ' ', $children;
}

sub record {
  my ($id, $words, $answer) = @_;
  $unwritten{$id} = $words if !write_record($id, $words);
  $output .= "$answer $id $words\n";
}

# Answers false where it is worth another try: for anything but a full disk it is not.
sub write_record {
  my ($id, $words) = @_;
  # Renamed into place, so that whoever reads it after our death never sees half of it.
  if (open my $file, '>', "$exits/.$id") {
    print $file "$words\n";
    return 1 if close($file) && rename "$exits/.$id", "$exits/$id";
  }
  return !($!{ENOSPC} || $!{EDQUOT});
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
