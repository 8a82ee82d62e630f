// SPDX-License-Identifier: MIT
// What newlib's <termios.h> includes and does not have. Names beyond these are for terminals that the console is not.
#ifndef SKERRY_SYS_TERMIOS_H
#define SKERRY_SYS_TERMIOS_H

#include <sys/types.h>

typedef unsigned tcflag_t;
typedef unsigned char cc_t;
typedef unsigned speed_t;

#define NCCS 16
#define VINTR 0
#define VQUIT 1
#define VERASE 2
#define VKILL 3
#define VEOF 4
#define VEOL 5
#define VMIN 6
#define VTIME 7
#define VSTART 8
#define VSTOP 9
#define VSUSP 10
#ifndef _POSIX_VDISABLE
#define _POSIX_VDISABLE 0
#endif

struct termios {
    tcflag_t c_iflag, c_oflag, c_cflag, c_lflag;
    cc_t c_cc[NCCS];
    speed_t c_ispeed, c_ospeed;
};

// c_iflag: the first three may be changed
#define ICRNL 0x01
#define INLCR 0x02
#define IGNCR 0x04
#define BRKINT 0x08
#define IGNBRK 0x10
#define IGNPAR 0x20
#define INPCK 0x40
#define ISTRIP 0x80
#define IXANY 0x100
#define IXOFF 0x200
#define IXON 0x400
#define PARMRK 0x800
// c_oflag: as it is
#define OPOST 0x01
#define ONLCR 0x02
// c_cflag: as it is
#define CSIZE 0x30
#define CS5 0x00
#define CS6 0x10
#define CS7 0x20
#define CS8 0x30
#define CREAD 0x01
#define CLOCAL 0x02
#define HUPCL 0x04
#define PARENB 0x08
#define PARODD 0x40
#define CSTOPB 0x80
// c_lflag: the first four may be changed
#define ISIG 0x01
#define ICANON 0x02
#define ECHO 0x04
#define ECHONL 0x08
#define ECHOE 0x10
#define ECHOK 0x20
#define NOFLSH 0x40
#define TOSTOP 0x80
#define IEXTEN 0x100

#define B0 0
#define B9600 9600
#define B19200 19200
#define B38400 38400
#define B115200 115200

#define TCSANOW 0
#define TCSADRAIN 1 // makes no difference: output is not changed
#define TCSAFLUSH 2
#define TCIFLUSH 0
#define TCOFLUSH 1
#define TCIOFLUSH 2

int tcgetattr(int descriptor, struct termios* settings);
int tcsetattr(int descriptor, int when, const struct termios* settings);
int tcflush(int descriptor, int which);
int tcdrain(int descriptor);
int tcsendbreak(int descriptor, int duration);
pid_t tcgetsid(int descriptor);
speed_t cfgetispeed(const struct termios* settings);
speed_t cfgetospeed(const struct termios* settings);
int cfsetispeed(struct termios* settings, speed_t speed);
int cfsetospeed(struct termios* settings, speed_t speed);
void cfmakeraw(struct termios* settings);

#endif
