package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// passFlags are the flags of commands that go over the whole table.
type passFlags struct {
	workspaceFlags
	unitsPerSecond float64
	restart        bool
}

func (p *passFlags) addFlags(cmd *cobra.Command) {
	p.workspaceFlags.addFlags(cmd)
	f := cmd.Flags()
	f.Float64Var(&p.unitsPerSecond, "units-per-second", 0, "most read and write units to spend in a second; 0 for no bound")
	f.BoolVar(&p.restart, "restart", false, "begin at the start, whatever an interrupted pass has done")
}

// passCmd makes a command that does a pass and shows how far it has come.
func passCmd(d deps, c *connection, cmd *cobra.Command, p *passFlags,
	do func(ctx context.Context, s *dynamodbstore.Store, o dynamodbstore.PassOptions) (report, error),
) *cobra.Command {
	p.addFlags(cmd)
	inOne := func(ctx context.Context, w chosenWorkspace) (done report, err error) {
		//nolint:contextcheck // the command has the same context
		err = withProgress(cmd, cmd.CommandPath(), func(progress func(dynamodbstore.Progress)) error {
			done, err = do(ctx, w.Store, dynamodbstore.PassOptions{
				UnitsPerSecond: p.unitsPerSecond, Restart: p.restart, Progress: progress,
			})
			return err
		})
		if errors.Is(err, context.Canceled) {
			return done, fmt.Errorf("%w; run it again to go on from there", err)
		}
		return done, err
	}
	return storeCmd(d, c, cmd, func(ctx context.Context, s *dynamodbstore.Store) error { return p.each(ctx, d, c, s, inOne) })
}

// passOutput is what a pass prints as JSON.
type passOutput struct {
	Seen     int64    `json:"seen"`
	Changed  int64    `json:"changed"`
	Complete []string `json:"complete,omitempty"`
	Requests int64    `json:"requests"`
	RCU      float64  `json:"rcu"`
	WCU      float64  `json:"wcu"`
}

func (p passOutput) text(w io.Writer) error {
	line := fmt.Sprintf("%d items looked at, %d changed, %g read and %g write units", p.Seen, p.Changed, p.RCU, p.WCU)
	if len(p.Complete) > 0 {
		line += "\ncomplete: " + strings.Join(p.Complete, ", ")
	}
	_, err := fmt.Fprintln(w, line)
	return err
}

// backfillFlags are those of the two backfills.
type backfillFlags struct {
	passFlags
	noServers bool
}

const backfillHelp = "It may run beside servers, and goes on where an interrupted one has stopped. Unless the settings have been as\n" +
	"they are for two minutes, it waits until all servers have noticed them and looks again. Searches use what is\n" +
	"complete from then on; servers notice that within 30 seconds."

// backfillCmd makes a command that does a backfill.
func backfillCmd(d deps, c *connection, cmd *cobra.Command, b *backfillFlags, exp *string,
	do func(ctx context.Context, s *dynamodbstore.Store, p dynamodbstore.BackfillParams) (dynamodbstore.BackfillReport, error),
) *cobra.Command {
	cmd.Flags().BoolVar(&b.noServers, "no-servers", false, "no server uses the table: do not wait for any")
	return passCmd(d, c, cmd, &b.passFlags, func(ctx context.Context, s *dynamodbstore.Store, o dynamodbstore.PassOptions) (report, error) {
		params := dynamodbstore.BackfillParams{
			PassOptions: o, NoServers: b.noServers || c.embedded(), // which this process has for itself
		}
		if exp != nil {
			params.ExperimentID = *exp
		}
		r, err := do(ctx, s, params)
		return passOutput{r.Seen, r.Changed, r.Complete, r.Units.Requests, r.Units.Read, r.Units.Write}, err
	})
}
