// SPDX-License-Identifier: MIT
// What the test runs beside Duktape's own examples: the parts of the language that lean on the C library. Says "duktape: N checks passed".
var checks = 0;
function check(name, good) {
    if (!good) throw new Error('FAILED: ' + name);
    checks++;
}

// Numbers to text and back are Duktape's own; mathematics is the C library's.
[0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0, 123456789012345680000].forEach(function (x) {
    check('numbers survive text', Number(String(x)) === x);
});
check('rounding', (2.345).toFixed(2) === '2.35' && (1e21).toString() === '1e+21' && (255).toString(16) === 'ff');
check('mathematics', Math.abs(Math.sin(1) * Math.sin(1) + Math.cos(1) * Math.cos(1) - 1) < 1e-15 &&
    Math.abs(Math.exp(Math.log(10)) - 10) < 1e-14 && Math.pow(2, 0.5) === Math.SQRT2 && isNaN(Math.acos(2)) && Math.atan2(-1, -1) < -2.35);

// Dates, from the system's clock and calendar.
check('dates', new Date(1000000000000).toISOString() === '2001-09-09T01:46:40.000Z' && Date.UTC(2000, 1, 29) === 951782400000);
check('the clock', Date.now() > 1.6e12 && new Date(2024, 0, 1).getTime() === Date.UTC(2024, 0, 1));

// Text, regular expressions, JSON, buffers, CBOR.
check('Unicode', 'größer €'.length === 8 && 'straße'.toUpperCase() === 'STRASSE' && encodeURIComponent('€') === '%E2%82%AC');
check('regular expressions', 'key = value'.replace(/^(\w+)\s*=\s*(\w+)$/, '$2:$1') === 'value:key');
check('JSON', JSON.stringify(JSON.parse('{"a":[1,2.5,"x\\u0041"],"b":null}')) === '{"a":[1,2.5,"xA"],"b":null}');
var bytes = new Uint8Array(8);
new DataView(bytes.buffer).setFloat64(0, Math.PI);
check('buffers', bytes[0] === 0x40 && bytes[7] === 0x18 && new TextDecoder().decode(new TextEncoder().encode('ä')) === 'ä');
check('CBOR', CBOR.decode(CBOR.encode({ x: [1, 'two', 3.5] })).x[1] === 'two');

// Garbage: far more in all than there is at any time; deep recursion ends in an error, which setjmp and longjmp carry.
for (var i = 0; i < 100000; i++) var garbage = { number: i, text: 'text ' + i, list: [i] };
function forever(n) { return 1 + forever(n + 1); }
var error;
try { forever(1); } catch (e) { error = e; }
check('recursion ends', error instanceof RangeError);
try { new Uint8Array(1e9); } catch (e) { error = e; }
check('memory ends', /alloc/.test(error.message));

// Sorting with a comparison of its own; closures; coroutines (Duktape.Thread).
var list = [];
for (i = 0; i < 5000; i++) list.push((i * 7919) % 10007);
list.sort(function (a, b) { return a - b; });
check('sort', list.every(function (x, i) { return i === 0 || list[i - 1] <= x; }));
var thread = new Duktape.Thread(function (first) {
    for (var n = first; ; n++) Duktape.Thread.yield(n);
});
var sum = 0;
for (i = 0; i < 100; i++) sum += Duktape.Thread.resume(thread, 5);
check('coroutines', sum === 5450);

print('duktape: ' + checks + ' checks passed');
