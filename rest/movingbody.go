package rest

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// A body has to move. In each paceTime it brings so many bytes, or ends.
const (
	paceTime     = 55 * time.Second // so that all is over within a minute
	jsonPace     = 1 << 20          // what waits for it is little, and all of it
	artifactPace = 64 << 10         // it is no burden, and its client may be far away
)

// Bounds of what a request sends that nobody reads.
const (
	// drainTime is how long an answer waits for the rest of a small body, so
	// that the connection can be used again. A client that sends its body right
	// behind the header has done so by then.
	drainTime = 50 * time.Millisecond
	// drainBytes is as much as net/http reads behind an answer.
	drainBytes = 256 << 10
	// lingerTime is how long a connection that is to be closed is still read
	// from. A client that sends meanwhile gets to read the answer.
	lingerTime = time.Second
)

// errSlowBody is the error of a body that does not move.
var errSlowBody = errors.New("the body of the request does not arrive")

// movingBody is the body of a request, which ends within a time that depends on
// nothing but what has arrived, whoever reads it or not:
//
//   - Reading it fails with errSlowBody when it falls behind its pace.
//   - An answer that is begun before it has ended waits for drainTime at most,
//     and then has the connection closed.
//   - What comes after the answer is read for lingerTime at most, and not at all
//     of a body that has stalled.
//
// The handlers see it in a copy of net/http's request, whose own body stays in
// place: net/http looks at that to tell what is left on the connection.
type movingBody struct {
	inner    io.ReadCloser
	conn     http.ResponseController
	timeless bool  // there is no connection, as in tests, and so no deadline
	pace     int64 // bytes in each paceTime
	due      int64 // bytes that are still to come in this one
	begun    bool  // something was read, or tried to
	err      error // io.EOF or another end
	size     int64 // as the header says, or -1
	expects  bool  // the client waits to be told to send it
}

func (b *movingBody) init(w http.ResponseWriter, r *http.Request) {
	*b = movingBody{
		inner: r.Body, conn: *http.NewResponseController(w), pace: jsonPace, size: r.ContentLength,
		expects: r.Header.Get("Expect") != "",
	}
}

// patiently makes the body of a request one that may be slow.
func patiently(r *http.Request) {
	if b, ok := r.Body.(*movingBody); ok {
		b.pace = artifactPace
	}
}

// Read reads, and fails when the body has fallen behind its pace.
func (b *movingBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.due <= 0 {
		b.due = b.pace
		b.endIn(paceTime)
	}
	return b.read(p)
}

func (b *movingBody) read(p []byte) (int, error) {
	b.begun = true
	n, err := b.inner.Read(p)
	b.due -= int64(n)
	if err == nil {
		return n, nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errSlowBody
	}
	b.err = err
	if err == io.EOF {
		b.never()
	}
	return n, err
}

// Close does nothing: net/http closes its own body.
func (b *movingBody) Close() error { return nil }

// endIn sets the deadline of the connection.
func (b *movingBody) endIn(d time.Duration) {
	b.setDeadline(time.Now().Add(d)) //nolint:forbidigo // deadlines go by the real clock
}

// never takes the deadline off: what is read next, in the background, is
// whether the client has gone.
func (b *movingBody) never() { b.setDeadline(time.Time{}) }

func (b *movingBody) setDeadline(t time.Time) {
	if !b.timeless {
		b.timeless = b.conn.SetReadDeadline(t) != nil
	}
}

// settle is called before the header of an answer is sent. It makes sure that
// net/http, which reads what is left of a body before it answers, finds nothing
// to wait for.
func (b *movingBody) settle(header http.Header) {
	if b.err == nil && (b.begun || !b.expects) && b.size <= drainBytes {
		b.drain()
	}
	if !errors.Is(b.err, io.EOF) {
		header.Set("Connection", "close")
	}
}

// drain reads what comes at once.
func (b *movingBody) drain() {
	b.endIn(drainTime)
	_, _ = io.CopyN(io.Discard, readerFunc(b.read), drainBytes+1) // b.err tells the outcome
}

// end is called when the handler is done, however it ended.
func (b *movingBody) end() {
	switch {
	case errors.Is(b.err, io.EOF):
	case errors.Is(b.err, errSlowBody): // nothing comes that would be worth waiting for
		b.endIn(0)
	default:
		b.endIn(lingerTime)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
