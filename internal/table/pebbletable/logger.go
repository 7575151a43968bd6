package pebbletable

import (
	"fmt"
	"log/slog"
)

// logger passes what Pebble has to say to slog: its chatter at debug level,
// background errors as warnings.
type logger struct{ log *slog.Logger }

func (l logger) Infof(format string, args ...any) {
	l.log.Debug("pebble", slog.Any("detail", message{format, args}))
}

func (l logger) Errorf(format string, args ...any) {
	l.log.Warn("pebble", slog.Any("detail", message{format, args}))
}

// Fatalf is called when the database cannot keep its promises any more, for
// instance because its log cannot be written. Pebble requires that it does
// not return.
func (l logger) Fatalf(format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	l.log.Error("pebble failed", slog.String("detail", msg))
	panic("pebble failed: " + msg)
}

// message is formatted only when a handler wants it.
type message struct {
	format string
	args   []any
}

// LogValue formats the message.
func (m message) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf(m.format, m.args...)) }
