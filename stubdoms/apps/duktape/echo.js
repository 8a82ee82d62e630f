// SPDX-License-Identifier: MIT
// For Duktape's example of an event loop: a server that sends back what comes, and eight clients on the same loop, each with its own
// pace. Says "event loop: N bytes came back" and ends; a timer ends it with another word if something is lost.
var clients = 8, rounds = 10, size = 3000, left = clients, total = 0;

EventLoop.server('127.0.0.1', 12345, function (server) {
    EventLoop.setReader(server, function (fd, data) { EventLoop.write(fd, data); });
});

function client(number) {
    EventLoop.connect('127.0.0.1', 12345, function (fd) {
        var round = 0, sent = new Uint8Array(size), at = 0;
        function send() {
            for (var i = 0; i < size; i++) sent[i] = number * 31 + round * 7 + i;
            at = 0;
            EventLoop.write(fd, sent.buffer);
        }
        EventLoop.setReader(fd, function (fd, data) {
            var bytes = new Uint8Array(data.buffer || data);
            for (var i = 0; i < bytes.length; i++, at++) if (bytes[i] !== sent[at]) throw new Error('a byte changed');
            total += bytes.length;
            if (at < size) return;
            if (++round < rounds) {
                setTimeout(send, number);
                return;
            }
            EventLoop.close(fd);
            if (--left === 0) {
                print('event loop: ' + total + ' bytes came back');
                EventLoop.requestExit();
            }
        });
        send();
    });
}
for (var i = 0; i < clients; i++) client(i);
setTimeout(function () { print('event loop: only ' + total + ' bytes came back'); EventLoop.requestExit(); }, 60e3);
