package garbage

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Params are the parameters of a garbage collection.
type Params struct {
	pass.Options
	DryRun                bool
	OlderThan             *time.Duration // nil: only what is named
	RunIDs, ExperimentIDs []string
	DeleteArtifacts       func(ctx context.Context, uri string) error // may be nil
}

// Report says what a garbage collection has done.
type Report struct {
	DryRun            bool
	Resumed           bool             // an interrupted pass was continued
	Scanned           int64            // items looked at
	Experiments, Runs int64            // deleted for good
	Removed           map[string]int64 // items by kind
	Artifacts         int64            // runs whose artifacts were removed
	Left              int64            // items of what may be under creation
	Units             table.Units
}

// Run runs the pass: what is named goes first, then the table is scanned once.
func (c *Collection) Run(ctx context.Context) error {
	defer func() { c.Report.Units = c.pass.Units() }()
	pending, err := c.checkNamed(ctx)
	if err != nil {
		return err
	}
	if err := c.start(ctx, pending); err != nil {
		return err
	}
	if err := c.deleteNamed(ctx); err != nil {
		return err
	}
	if err := c.scan(ctx); err != nil {
		return err
	}
	if err := c.removePatterns(ctx); err != nil {
		return err
	}
	return c.finish(ctx)
}

// IsOld reports whether what was deleted at the given time may go.
func (c *Collection) IsOld(deleted int64) bool { return c.OlderThan == nil || deleted <= c.cutoff }

// PythonList writes ids as Python does.
func PythonList(ids []string) string { return "['" + strings.Join(ids, "', '") + "']" }

// FormatAge writes a duration as MLflow's command line takes it, such as
// 1d2h3m4s.
func FormatAge(d time.Duration) string {
	var b strings.Builder
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}} {
		if n := d / u.size; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			d -= n * u.size
		}
	}
	if d > 0 || b.Len() == 0 {
		b.WriteString(strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s")
	}
	return b.String()
}

// checkNamed lets each sweep refuse what cannot be deleted for good.
func (c *Collection) checkNamed(ctx context.Context) (pending bool, err error) {
	for _, n := range c.named {
		left, err := n.CheckNamed(ctx)
		if err != nil {
			return false, err
		}
		pending = pending || left
	}
	return pending, nil
}

// deleteNamed deletes what is named before the table is scanned.
func (c *Collection) deleteNamed(ctx context.Context) error {
	for _, n := range c.named {
		if err := n.DeleteNamed(ctx); err != nil {
			return err
		}
	}
	return nil
}
