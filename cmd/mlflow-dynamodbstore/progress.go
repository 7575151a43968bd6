package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// How often a pass says how far it has come: in a bar on a terminal, in log
// lines elsewhere. A pass that ends sooner says nothing.
const (
	barEvery  = 100 * time.Millisecond
	lineEvery = 10 * time.Second
)

// withProgress does a pass, and shows how far it has come on standard error:
// by a bar on a terminal, by a log line now and then elsewhere.
func withProgress(cmd *cobra.Command, title string, do func(report func(dynamodbstore.Progress)) error) error {
	w := cmd.ErrOrStderr()
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return withBar(w, title, do)
	}
	log := slog.New(slog.NewTextHandler(w, nil))
	last := time.Now() //nolint:forbidigo // how long a person waits goes by the real clock
	return do(func(p dynamodbstore.Progress) {
		if now := time.Now(); now.Sub(last) >= lineEvery { //nolint:forbidigo // see above
			last = now
			log.LogAttrs(cmd.Context(), slog.LevelInfo, "under way", append(progressAttrs(p), slog.String("pass", title))...)
		}
	})
}

// withBar does a pass beside a bar that is gone when it is done.
func withBar(w io.Writer, title string, do func(report func(dynamodbstore.Progress)) error) error {
	bar := progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(title), progressbar.OptionThrottle(barEvery),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("items"),
		progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish(), progressbar.OptionSetRenderBlankState(true))
	err := do(func(p dynamodbstore.Progress) {
		if p.Total > 0 {
			bar.ChangeMax64(max(p.Total, p.Seen))
		}
		doing := title
		if p.Doing != "" {
			doing += ", " + p.Doing
		}
		bar.Describe(fmt.Sprintf("%s: %d changed, %g units", doing, p.Changed, p.Units.Read+p.Units.Write))
		_ = bar.Set64(p.Seen) // a bar that cannot be drawn is no failure of the pass
	})
	_ = bar.Finish()
	return err
}

// progressAttrs says how far a pass has come, for the log.
func progressAttrs(p dynamodbstore.Progress) []slog.Attr {
	attrs := []slog.Attr{slog.Int64("seen", p.Seen), slog.Int64("changed", p.Changed)}
	if p.Total > 0 {
		attrs = append(attrs, slog.Int64("total", p.Total))
	}
	if p.Doing != "" {
		attrs = append(attrs, slog.String("doing", p.Doing))
	}
	return append(attrs, slog.Float64("rcu", p.Units.Read), slog.Float64("wcu", p.Units.Write))
}
