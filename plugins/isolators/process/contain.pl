# Runs a command in namespaces, and in a root filesystem of its own.
#
#   perl contain.pl KEY=VALUE ... -- [NAME=VALUE ...] FILE ARGUMENT ...
#
# util-linux' unshare has made the namespaces; what is left takes a process inside them: a /proc
# that shows only its own, an init that takes in orphans and can be killed with all that it is init
# of, and the step into an image, from which no program of the host can be run any more, not even
# the one that would switch the user. With `enter` it joins the namespaces of a running container.
#
#   note=PATH         file in which to say why the command could not be run
#   enter=PID:TICKS   join the namespaces of this process, if it still is the one of that start time
#   init=1            we are to be the parent of a pid namespace
#   proc=1            mount a /proc
#   shm=MIB           mount a /dev/shm of this size; 0 is that of the kernel's own choice
#   hostname=NAME
#   root=FOLDER       becomes the root; with
#   overlay=LOWER UPPER WORK, each percent-encoded, the place where these are mounted on each other
#   bind=FROM TO rw|ro, percent-encoded; FROM is a path of the host, TO one inside; without a root
#                     both are paths of the host
#   bind=FROM TO rw|ro WAY  the folder WAY below FROM, where others may be at work: it is made where
#                     it is not there, for the owner of FROM, and no link is followed
#   directory=FOLDER  working directory inside
#   uid=N gid=N groups=N,N
#   bounding=N,N effective=N,N   capabilities by number; absent means as they are
#   nnp=1             no new privileges
#
# The names and values before the file are added to the environment once privileges are given up.
# It ends as the command does, by the same signal or with the same status.
use strict;
use warnings;
use Fcntl qw(O_RDONLY O_DIRECTORY O_NOFOLLOW O_NONBLOCK);
use POSIX qw(:sys_wait_h _exit uname);

my $machine = (uname())[4];
my %numbers = (
  x86_64 => { mount => 165, umount => 166, pivot => 155, prctl => 157, setns => 308,
    capset => 126 },
  generic => { mount => 40, umount => 39, pivot => 41, prctl => 167, setns => 268, capset => 91 },
);
$numbers{$_} = $numbers{generic} for qw(aarch64 riscv64 loongarch64);
my $number = $numbers{$machine};

# Flags of mount(2) and umount2(2).
use constant { RDONLY => 1, NOSUID => 2, NODEV => 4, NOEXEC => 8, REMOUNT => 32, BIND => 4096,
  REC => 16384, DETACH => 2 };
use constant TIOCSCTTY => 0x540E;
# Operations of prctl(2).
use constant { PDEATHSIG => 1, DUMPABLE => 4, KEEPCAPS => 8, CAPBSET_DROP => 24, NO_NEW_PRIVS => 38,
  AMBIENT => 47, AMBIENT_RAISE => 2, AMBIENT_CLEAR => 4 };

my (%given, @binds);
while (@ARGV) {
  my $word = shift @ARGV;
  last if $word eq '--';
  my ($key, $value) = split /=/, $word, 2;
  if ($key eq 'bind') { push @binds, [split / /, $value] } else { $given{$key} = $value }
}
my ($notes, $noteName);
if (defined $given{note} && $given{note} =~ m{^(.*)/([^/]+)$}) {
  ($noteName) = $2;
  # Held open, because after the step into an image there is no other way back to it.
  opendir $notes, $1 or die "cannot open $1: $!\n";
}

# Whoever signals a container signals each of its processes, and this one tells how the command
# ended; only SIGKILL may come before that.
$SIG{$_} = 'IGNORE' for qw(HUP INT QUIT TERM USR1 USR2 ALRM PIPE TSTP TTIN TTOU);

pipe(my $reports, my $report) or die "pipe: $!\n";
pipe(my $life, my $living) or die "pipe: $!\n";
eval { enter(split /:/, $given{enter}) if defined $given{enter}; 1 } or give_up($@);
my $child = fork;
give_up("cannot fork: $!") if !defined $child;
if ($child == 0) {
  close $reports;
  close $living;
  # A folder of the host in an open descriptor would be a way out of an image, through /proc.
  closedir $notes if defined $notes;
  undef $notes;
  eval {
    as_init() if $given{init};
    set_up();
    run() if !$given{init};
    serve();
    1;
  } or report_back("failed $@");
  _exit(127);
}
close $report;
close $life;
my $text = do { local $/; <$reports> } // '';
waitpid $child, 0;
my $status = $?;
give_up($1) if $text =~ /^failed (.*)$/m;
$status = $1 if $text =~ /^status (\d+)$/m;
end_like($status);

sub enter {
  my ($pid, $ticks) = @_;
  open my $stat, '<', "/proc/$pid/stat" or die "the container is gone\n";
  my @fields = split / /, <$stat> =~ s/^.*\) //sr;
  die "the container is gone\n" if $fields[19] != $ticks;
  my @spaces;
  for (['pid_for_children', 'pid'], ['ipc', 'ipc'], ['uts', 'uts'], ['mnt', 'mnt']) {
    my ($theirs, $ours) = ("/proc/$pid/ns/$_->[0]", "/proc/self/ns/$_->[1]");
    next if (readlink $theirs // '') eq (readlink $ours // '');
    open my $space, '<', $theirs or die "cannot open $theirs: $!\n";
    push @spaces, $space;
  }
  for my $space (@spaces) {
    call('setns', fileno $space, 0) == 0 or die "cannot join a namespace: $!\n";
  }
}

# The end of our parent must be ours, and with us that of everything in the namespace.
sub as_init {
  call('prctl', PDEATHSIG, 9, 0, 0, 0);
  # Our parent holds the other end of this as long as it lives: it may have ended before we asked.
  vec(my $ready = '', fileno $life, 1) = 1;
  _exit(127) if select $ready, undef, undef, 0;
}

# The first process of a pid namespace is no place for a command: signals that it has no handlers
# for are lost on it, and orphans become its children.
sub serve {
  my $command = fork;
  die "cannot fork: $!\n" if !defined $command;
  run() if $command == 0;
  while ((my $pid = waitpid -1, 0) > 0) {
    next if $pid != $command;
    report_back("status $?");
    _exit(0);
  }
}

sub set_up {
  if (defined $given{hostname}) {
    open my $name, '>', '/proc/sys/kernel/hostname' or die "cannot set the hostname: $!\n";
    syswrite $name, $given{hostname} or die "cannot set the hostname: $!\n";
  }
  if (defined $given{root} && !defined $given{enter}) {
    step_into_root();
  } else {
    mount('proc', '/proc', 'proc', NOSUID | NODEV | NOEXEC) if $given{proc};
    mount_shm() if defined $given{shm};
    bind_in_sandbox(@$_) for @binds;
  }
}

# From the moment of the pivot every path is resolved inside the new root, links in an image
# included: nothing in it can lead a mount to a place of the host. What is of the host is reached
# through the working directory, which still is the old root.
sub step_into_root {
  my $root = $given{root};
  if (defined $given{overlay}) {
    my ($lower, $upper, $work) =
      map { decoded($_) =~ s/([\\:,])/\\$1/gr } split / /, $given{overlay};
    mount('overlay', $root, 'overlay', NODEV, "lowerdir=$lower,upperdir=$upper,workdir=$work");
  } else {
    mount($root, $root, '', BIND);
    mount($root, $root, '', BIND | REMOUNT | NODEV);
  }
  opendir my $old, '/' or die "cannot open /: $!\n";
  chdir $root or die "cannot enter $root: $!\n";
  my ($here, $there) = ('.', '.');
  call('pivot', $here, $there) == 0 or die "cannot pivot to $root: $!\n";
  chdir $old or die "cannot go back to the old root: $!\n";
  make_dev();
  folder('/proc');
  mount('proc', '/proc', 'proc', NOSUID | NODEV | NOEXEC);
  for my $path (qw(/proc/sys /proc/sysrq-trigger /proc/irq /proc/bus)) {
    next if !-e $path;
    mount($path, $path, '', BIND | REC);
    mount($path, $path, '', BIND | REMOUNT | RDONLY | NOSUID | NODEV | NOEXEC);
  }
  folder('/sys');
  mount('sysfs', '/sys', 'sysfs', RDONLY | NOSUID | NODEV | NOEXEC);
  bind_from_host(@$_) for @binds;
  folder($given{directory}) if defined $given{directory};
  call('umount', $here, DETACH) == 0 or die "cannot let go of the old root: $!\n";
  chdir '/' or die "cannot enter /: $!\n";
}

sub make_dev {
  folder('/dev');
  mount('tmpfs', '/dev', 'tmpfs', NOSUID, 'mode=755,size=1m');
  for my $name (qw(null zero full random urandom tty)) {
    place_file("/dev/$name");
    mount("dev/$name", "/dev/$name", '', BIND);
  }
  folder("/dev/$_") for qw(pts shm);
  my $terminals = 'newinstance,ptmxmode=0666,mode=0620,gid=5';
  mount('devpts', '/dev/pts', 'devpts', NOSUID | NOEXEC, $terminals);
  mount_shm();
  my %links = (ptmx => 'pts/ptmx', fd => '/proc/self/fd', stdin => '/proc/self/fd/0',
    stdout => '/proc/self/fd/1', stderr => '/proc/self/fd/2');
  symlink $links{$_}, "/dev/$_" for keys %links;
}

sub mount_shm {
  my $size = $given{shm} ? ",size=$given{shm}m" : '';
  mount('shm', '/dev/shm', 'tmpfs', NOSUID | NODEV | NOEXEC, "mode=1777$size");
}

# Sandboxes, and folders that users may write to, can change under any name between the moment at which
# the agent looked and this one: by what was fetched since, or by another task of the same user. So
# every folder on the way is opened from the one before, no link is followed, and what is mounted, and
# where, is what was opened.
sub bind_from_host {
  my ($from, $to, $mode, $way) = map { decoded($_) } @_;
  my $source = source_of('.', $from, $way);
  if (-d $source) { folder($to) } else { folder($to =~ s{/[^/]*$}{}r); place_file($to) }
  mount_folder($source, $to, $to, $mode);
}

# The files are those of the host, and so are the paths.
sub bind_in_sandbox {
  my ($from, $to, $mode, $way) = map { decoded($_) } @_;
  my $source = source_of('/', $from, $way);
  my $target = opened('/', $to, 0);
  mount_folder($source, by_number($target), $to, $mode);
}

# FROM has no links, or had none; below it WAY is made where it is not there.
sub source_of {
  my ($root, $from, $way) = @_;
  my $base = opened($root, $from, 0);
  return defined $way ? opened($base, $way, 1) : $base;
}

# Opens what is at a path from an open folder, or from one of this name, and follows no link. What is
# made on the way belongs to the owner of that folder.
sub opened {
  my ($at, $way, $isMade) = @_;
  opendir my $before, '.' or die "cannot open the working directory: $!\n";
  chdir $at or die "cannot enter a folder on the way to $way: $!\n";
  sysopen my $found, '.', O_RDONLY | O_DIRECTORY or die "cannot open a folder: $!\n";
  my ($uid, $gid) = (stat $found)[4, 5];
  my @names = grep { length && $_ ne '.' } split m{/}, $way;
  while (defined(my $name = shift @names)) {
    my $isNew = $isMade && mkdir $name, 0755;
    my $kind = @names || $isMade ? O_DIRECTORY : O_NONBLOCK;
    sysopen my $next, $name, O_RDONLY | O_NOFOLLOW | $kind
      or die "$way leads through a link, or is no folder: $!\n";
    chown $uid, $gid, $next if $isNew;
    chdir $next or die "cannot enter $way: $!\n" if @names;
    $found = $next;
  }
  chdir $before or die "cannot go back: $!\n";
  return $found;
}

sub by_number { return '/proc/self/fd/' . fileno $_[0] }

sub mount_folder {
  my ($source, $target, $to, $mode) = @_;
  mount(by_number($source), $target, '', BIND | REC);
  mount($to, $to, '', BIND | REMOUNT | NOSUID | NODEV | ($mode eq 'ro' ? RDONLY : 0));
}

sub folder {
  my $path = '';
  for my $name (grep { length } split m{/}, $_[0]) {
    $path .= "/$name";
    mkdir $path, 0755 or -d $path or die "cannot make $path: $!\n";
  }
}

sub place_file {
  return if -e $_[0];
  open my $file, '>>', $_[0] or die "cannot make $_[0]: $!\n";
}

sub run {
  eval {
    # A shell hands its terminal around by the numbers of process groups: they must be of here.
    if (defined $given{enter} && -t STDIN) {
      POSIX::setsid();
      ioctl STDIN, TIOCSCTTY, 1 or die "cannot take the terminal: $!\n";
    }
    my $folder = $given{directory};
    chdir $folder or die "cannot enter $folder: $!\n" if defined $folder;
    give_up_privileges();
    1;
  } or do { report_back("failed $@"); _exit(127) };
  while (@ARGV && $ARGV[0] =~ /^([A-Za-z_]\w*)=(.*)$/s) { $ENV{$1} = $2; shift @ARGV }
  # Whatever signals were ignored would be ignored by the command, too.
  $SIG{$_} = 'DEFAULT' for keys %SIG;
  no warnings 'exec';
  exec { $ARGV[0] } @ARGV if @ARGV;
  report_back("failed cannot run $ARGV[0]: $!");
  _exit(127);
}

sub give_up_privileges {
  my ($bounding, $effective) = (numbers_in($given{bounding}), numbers_in($given{effective}));
  if (defined $bounding) {
    for my $cap (0 .. 63) {
      next if $bounding->{$cap};
      # Numbers that the kernel has no capability for are refused as invalid.
      call('prctl', CAPBSET_DROP, $cap, 0, 0, 0) == 0 or $!{EINVAL}
        or die "cannot drop capability $cap: $!\n";
    }
  }
  if (defined $given{gid}) {
    my $groups = join ' ', $given{gid}, $given{gid}, split /,/, $given{groups} // '';
    $! = 0;
    $) = $groups;
    die "cannot set groups: $!\n" if $!;
    POSIX::setgid($given{gid}) or die "cannot set gid $given{gid}: $!\n";
  }
  call('prctl', KEEPCAPS, 1, 0, 0, 0) if defined $effective;
  if (defined $given{uid}) {
    POSIX::setuid($given{uid}) or die "cannot set uid $given{uid}: $!\n";
  }
  if (defined $effective) {
    my @words = (0, 0);
    $words[$_ >> 5] |= 1 << ($_ & 31) for keys %$effective;
    my $header = pack 'Li', 0x20080522, 0;
    my $data = pack 'L6', ($words[0]) x 3, ($words[1]) x 3;
    call('capset', $header, $data) == 0 or die "cannot set capabilities: $!\n";
    call('prctl', AMBIENT, AMBIENT_CLEAR, 0, 0, 0);
    for my $cap (sort { $a <=> $b } keys %$effective) {
      call('prctl', AMBIENT, AMBIENT_RAISE, $cap, 0, 0) == 0
        or die "cannot keep capability $cap: $!\n";
    }
  }
  call('prctl', NO_NEW_PRIVS, 1, 0, 0, 0) == 0 or die "no no-new-privileges: $!\n" if $given{nnp};
}

sub numbers_in {
  my ($list) = @_;
  return defined $list ? { map { $_ => 1 } split /,/, $list } : undef;
}

sub mount {
  my ($source, $target, $type, $flags, $data) = (@_, '');
  call('mount', $source, $target, $type, $flags + 0, $data) == 0
    or die "cannot mount $target: $!\n";
}

sub call {
  my ($name, @arguments) = @_;
  die "no system calls are known of $machine\n" if !defined $number;
  return syscall($number->{$name}, @arguments);
}

sub decoded { return $_[0] =~ s/%([0-9A-F]{2})/chr hex $1/ger }

sub report_back {
  my ($text) = @_;
  $text =~ s/\s+$//;
  syswrite $report, "$text\n";
}

sub give_up {
  my ($text) = @_;
  $text =~ s/\s+$//;
  if (defined $notes && chdir $notes && open my $note, '>', $noteName) {
    print $note $text;
    close $note;
  } else {
    print STDERR "$text\n";
  }
  _exit(127);
}

sub end_like {
  my ($status) = @_;
  my $signal = $status & 127;
  _exit($status >> 8) if $signal == 0;
  # The command has left what core there was to leave.
  eval { call('prctl', DUMPABLE, 0, 0, 0, 0) };
  POSIX::sigaction($signal, POSIX::SigAction->new('DEFAULT'));
  POSIX::sigprocmask(POSIX::SIG_UNBLOCK(), POSIX::SigSet->new($signal));
  kill $signal, $$;
  _exit(128 + $signal);
}
