package main

import (
	"net"
	"sync"
	"time"
)

const (
	// stallTime ends a connection whose other side has not read writePiece in
	// it. However long it takes, an answer that moves is never cut off.
	stallTime  = time.Minute
	writePiece = 64 << 10
	// hurryTime is the same when the server ends, for both directions: whoever
	// moves hurryPiece in it keeps the server from ending, others do not.
	hurryTime  = 2 * time.Second
	hurryPiece = 4 << 10
)

// movingConns are the connections of a server, which have to move.
type movingConns struct {
	net.Listener
	mu       sync.Mutex
	open     map[*movingConn]struct{}
	hurrying bool
}

// Accept waits for the next connection.
func (l *movingConns) Accept() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err //nolint:wrapcheck // net/http looks at its type
	}
	c := &movingConn{Conn: inner, of: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[*movingConn]struct{}{}
	}
	l.open[c] = struct{}{}
	c.hurried = l.hurrying
	return c, nil
}

// hurry gives what is under way on all connections hurryTime to move.
func (l *movingConns) hurry() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hurrying = true
	for c := range l.open {
		c.hurry()
	}
}

func (l *movingConns) forget(c *movingConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, c)
}

// movingConn ends when its other side does not read. What the other side sends
// has the deadlines that net/http and the handler set, and shorter ones once it
// is hurried.
type movingConn struct {
	net.Conn
	of *movingConns

	mu       sync.Mutex
	deadline time.Time // to read, as it was asked for
	hurried  bool
	due      int       // bytes that are still to be read before dueBy
	dueBy    time.Time // zero: nothing was read since it is hurried
}

// SetReadDeadline sets the deadline to read. A read without one, which only
// waits for the client to go away, is never hurried.
func (c *movingConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	return c.Conn.SetReadDeadline(c.readBy()) //nolint:wrapcheck // it stands in for the connection
}

// readBy is the deadline that holds.
func (c *movingConn) readBy() time.Time {
	if !c.hurried || c.deadline.IsZero() {
		return c.deadline
	}
	if c.dueBy.IsZero() {
		c.due, c.dueBy = hurryPiece, soon(hurryTime)
	}
	if c.dueBy.Before(c.deadline) {
		return c.dueBy
	}
	return c.deadline
}

func (c *movingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.moved(n)
	}
	return n, err //nolint:wrapcheck // it stands in for the connection
}

// moved puts the deadline of a connection in a hurry off as far as it has moved.
func (c *movingConn) moved(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.hurried || c.deadline.IsZero() {
		return
	}
	if c.due -= n; c.due <= 0 {
		c.dueBy = time.Time{}
		_ = c.Conn.SetReadDeadline(c.readBy()) // without it the connection is only slow to close
	}
}

func (c *movingConn) hurry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hurried = true
	_ = c.Conn.SetReadDeadline(c.readBy())
	_ = c.SetWriteDeadline(soon(hurryTime)) // of what is being written; the next piece sets its own
}

// Write writes in pieces, each of which has to be read in time.
func (c *movingConn) Write(p []byte) (int, error) {
	for done := 0; ; {
		size, within := c.piece()
		if err := c.SetWriteDeadline(soon(within)); err != nil {
			return done, err //nolint:wrapcheck // as above
		}
		n, err := c.Conn.Write(p[done:min(len(p), done+size)])
		done += n
		if err != nil || done == len(p) {
			return done, err //nolint:wrapcheck // as above
		}
	}
}

func (c *movingConn) piece() (size int, within time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hurried {
		return hurryPiece, hurryTime
	}
	return writePiece, stallTime
}

// Close closes the connection.
func (c *movingConn) Close() error {
	c.of.forget(c)
	return c.Conn.Close() //nolint:wrapcheck // as above
}

func soon(d time.Duration) time.Time {
	return time.Now().Add(d) //nolint:forbidigo // deadlines go by the real clock
}
