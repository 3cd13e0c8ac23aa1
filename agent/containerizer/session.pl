# The process between an agent and a further command of a container that somebody talks to.
#
# Node can make neither a terminal nor a controlling one of it, and what it calls pipes are sockets,
# which programs cannot open again as /dev/stderr. So the agent starts this, puts it where the
# container is, and says what to run: the command gets a terminal or real pipes, and this copies
# between those and the agent, at the pace of whoever is slower. When the agent is gone it ends the
# command, so no session outlives the agent that it belongs to.
#
# Descriptors: 0 input, 1 output and 2 error output of the command; 3 orders; 4 answers.
#   S bytes\n payload      run it                      running\n, or failed TEXT\n and the end
#   W columns rows\n       the size of the terminal    input-closed\n: it reads no more
#   K number\n             send it this signal
#   the end of 3           kill it                     exit N\n or signal N\n, and the end
# Payload, each field ended by NUL: terminal (empty, or columns and rows), user (empty: that of the
# agent), 1 when there is input, directory, file, count, arguments, environment.
use strict;
use warnings;
use Fcntl qw(F_GETFL F_SETFL F_SETFD FD_CLOEXEC O_NONBLOCK O_RDWR O_NOCTTY);
use POSIX qw(:sys_wait_h setsid dup2 _exit EAGAIN EINTR);

# Numbers of the kernel, the same on x86 and ARM.
my ($TIOCSPTLCK, $TIOCGPTN, $TIOCSCTTY, $TIOCSWINSZ) = (0x40045431, 0x80045430, 0x540E, 0x5414);
# What waits here for either side.
my $ROOM = 65536;
# What a command wrote just before its end may still be on its way through the terminal. Nobody
# waits for what it left behind and that holds its output open.
my $LATE_SECONDS = 0.1;

# Descriptors that the agent itself inherited are no business of tasks.
if (opendir my $descriptors, '/proc/self/fd') {
  POSIX::close($_) for grep { /^\d+$/ && $_ > 4 && $_ != fileno $descriptors } readdir $descriptors;
}
open my $orders, '<&=', 3 or _exit(125);
open my $answers, '>&=', 4 or _exit(125);
fcntl $_, F_SETFD, FD_CLOEXEC for $orders, $answers;
$SIG{PIPE} = 'IGNORE';
umask 022;
setsid();

my @fields = split /\0/, first_order(), -1;
my ($terminal, $user, $isInteractive, $directory, $file, $count, @rest) = @fields;
pop @rest;
# What the command reads and writes belongs to who it runs as, who may want to open it again.
my $owner = $user =~ /\A\d*\z/ ? $user : getpwnam($user) // '';
my @arguments = splice @rest, 0, $count;
my ($toChild, $fromChild, $errorOfChild);
my ($wakeRead, $wakeWrite);
pipe $wakeRead, $wakeWrite or failed("no pipe: $!");
non_blocking($wakeRead, $wakeWrite);
$SIG{CHLD} = sub { syswrite $wakeWrite, '.' };
# Its number may be that of another process then.
my $hasEnded = 0;
my $child = start();
answer('running');
relay();

sub first_order {
  my $input = '';
  while (1) {
    if ($input =~ /\AS (\d+)\n/) {
      my $head = length $&;
      return substr $input, $head if length $input >= $head + $1;
    }
    my $read = sysread $orders, $input, 65536, length $input;
    next if !defined $read && $! == EINTR;
    _exit(0) if !$read;
  }
}

sub start {
  my ($slave, @theirs, $told);
  pipe my $tells, $told or failed("no pipe: $!");
  if ($terminal ne '') {
    my $path;
    ($fromChild, $path) = open_terminal();
    $toChild = $fromChild;
    sysopen $slave, $path, O_RDWR | O_NOCTTY or failed("cannot open $path: $!");
    @theirs = ($slave, $slave, $slave);
  } else {
    pipe my $in, $toChild or failed("no pipe: $!");
    pipe $fromChild, my $out or failed("no pipe: $!");
    pipe $errorOfChild, my $error or failed("no pipe: $!");
    @theirs = ($in, $out, $error);
    if ($owner ne '') { chown $owner, -1, $_ for @theirs }
  }
  my $pid = fork;
  failed("cannot fork: $!") if !defined $pid;
  if ($pid == 0) {
    $SIG{$_} = 'DEFAULT' for qw(PIPE CHLD);
    setsid();
    ioctl $slave, $TIOCSCTTY, 0 if defined $slave;
    dup2(fileno $theirs[$_], $_) for 0 .. 2;
    if (chdir $directory) {
      %ENV = map { split /=/, $_, 2 } @rest;
      no warnings 'exec';
      exec { $file } @arguments;
      syswrite $told, "cannot run $file: $!";
    } else {
      syswrite $told, "cannot enter $directory: $!";
    }
    _exit(127);
  }
  close $told;
  # It is closed by the kernel when the program runs.
  my $problem = '';
  while (1) {
    my $read = sysread $tells, $problem, 4096, length $problem;
    next if !defined $read && $! == EINTR;
    last if !$read;
  }
  failed($problem) if $problem ne '';
  return $pid;
}

sub open_terminal {
  sysopen my $master, '/dev/ptmx', O_RDWR | O_NOCTTY or failed("cannot make a terminal: $!");
  my ($unlocked, $number) = (pack('i', 0), pack('i', 0));
  ioctl $master, $TIOCSPTLCK, $unlocked or failed("cannot unlock the terminal: $!");
  ioctl $master, $TIOCGPTN, $number or failed("cannot name the terminal: $!");
  my $path = '/dev/pts/' . unpack 'i', $number;
  chown $owner, -1, $path if $owner ne '';
  resize($master, split / /, $terminal);
  return ($master, $path);
}

sub resize {
  my ($master, $columns, $rows) = @_;
  ioctl $master, $TIOCSWINSZ, pack 'S4', $rows, $columns, 0, 0;
}

sub relay {
  my ($input, $output, $error, $orderText, $status) = ('', '', '', '');
  my ($inputEnded, $isLate) = (0, 0);
  non_blocking(grep { defined } \*STDIN, \*STDOUT, \*STDERR, $toChild, $fromChild, $errorOfChild);
  while (1) {
    if (!defined $status && waitpid($child, WNOHANG) == $child) {
      ($status, $hasEnded) = ($?, 1);
    }
    if (defined $toChild && $inputEnded && $input eq '') {
      # A terminal has no end, but a character that stands for it.
      $input = "\x04" if $terminal ne '' && $isInteractive && !defined $status;
      undef $toChild if $input eq '';
      $isInteractive = 0;
    }
    if (defined $status && $output eq '' && $error eq '') {
      last if $isLate || !(defined $fromChild || defined $errorOfChild);
    }
    my ($reads, $writes) = ('', '');
    watch(\$reads, $orders, $wakeRead);
    watch(\$reads, \*STDIN) if !$inputEnded && length $input < $ROOM;
    watch(\$reads, $fromChild) if defined $fromChild && length $output < $ROOM;
    watch(\$reads, $errorOfChild) if defined $errorOfChild && length $error < $ROOM;
    watch(\$writes, $toChild) if defined $toChild && $input ne '';
    watch(\$writes, \*STDOUT) if $output ne '';
    watch(\$writes, \*STDERR) if $error ne '';
    my $isLast = defined $status && $output eq '' && $error eq '';
    my $ready = select $reads, $writes, undef, $isLast ? $LATE_SECONDS : undef;
    if ($ready <= 0) {
      $isLate = 1 if $ready == 0;
      next;
    }
    sysread $wakeRead, my $drained, 4096 if ready($reads, $wakeRead);
    gone() if ready($reads, $orders) && !obey(\$orderText);
    if (ready($reads, \*STDIN)) { $inputEnded = 1 if !take(\*STDIN, \$input) }
    if (ready($reads, $fromChild)) { undef $fromChild if !take($fromChild, \$output) }
    if (ready($reads, $errorOfChild)) { undef $errorOfChild if !take($errorOfChild, \$error) }
    if (ready($writes, $toChild) && !give($toChild, \$input)) {
      ($inputEnded, $input, $isInteractive) = (1, '', 0);
      undef $toChild;
      answer('input-closed');
    }
    gone() if ready($writes, \*STDOUT) && !give(\*STDOUT, \$output);
    gone() if ready($writes, \*STDERR) && !give(\*STDERR, \$error);
  }
  answer($status & 127 ? 'signal ' . ($status & 127) : 'exit ' . ($status >> 8));
  exit 0;
}

# Reads what there is; false at the end. A terminal that nobody has open any more says EIO.
sub take {
  my ($from, $buffer) = @_;
  my $read = sysread $from, $$buffer, $ROOM, length $$buffer;
  return $! == EAGAIN || $! == EINTR if !defined $read;
  return $read;
}

# Writes what goes; false when nobody reads any more.
sub give {
  my ($to, $buffer) = @_;
  my $written = syswrite $to, $$buffer;
  return $! == EAGAIN || $! == EINTR if !defined $written;
  substr $$buffer, 0, $written, '';
  return 1;
}

sub obey {
  my ($text) = @_;
  my $read = sysread $orders, $$text, 4096, length $$text;
  return 1 if !defined $read && $! == EINTR;
  return 0 if !$read;
  while ($$text =~ s/\A(.*)\n//) {
    my $line = $1;
    if ($line =~ /\AW (\d+) (\d+)\z/) {
      resize($fromChild, $1, $2) if $terminal ne '' && defined $fromChild;
    } elsif ($line =~ /\AK (\d+)\z/) {
      kill $1, $child if !$hasEnded;
    }
  }
  return 1;
}

sub watch {
  my ($set, @handles) = @_;
  vec($$set, fileno $_, 1) = 1 for @handles;
}

sub ready {
  my ($set, $handle) = @_;
  return defined $handle && vec $set, fileno $handle, 1;
}

sub non_blocking {
  fcntl $_, F_SETFL, fcntl($_, F_GETFL, 0) | O_NONBLOCK for @_;
}

sub answer {
  my ($text) = @_;
  $text =~ tr/\n/ /;
  syswrite $answers, "$text\n";
}

sub failed {
  answer("failed $_[0]");
  exit 0;
}

# Nobody is left to talk to: what was started for them ends.
sub gone {
  kill $_, -$child, $child for qw(HUP KILL);
  exit 0;
}
