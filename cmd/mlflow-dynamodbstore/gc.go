//nolint:wrapcheck // errors of packages that say enough by themselves become the one line that is printed
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// gcOptions are the flags of the gc command.
type gcOptions struct {
	connection
	workspaceFlags
	olderThan     string
	runs          []string
	experiments   []string
	dryRun        bool
	units         float64
	restart       bool
	artifactsDest string
}

// gcOutput is what gc prints as JSON.
type gcOutput struct {
	DryRun        bool             `json:"dry_run"`
	Resumed       bool             `json:"resumed"` // an interrupted pass was continued
	Scanned       int64            `json:"scanned"`
	Experiments   int64            `json:"experiments_deleted"`
	Runs          int64            `json:"runs_deleted"`
	Removed       map[string]int64 `json:"removed_items"`
	Artifacts     int64            `json:"runs_with_artifacts_removed"`
	ArtifactsLeft int64            `json:"runs_with_artifacts_left"`
	UnderCreation int64            `json:"items_under_creation"`
	Requests      int64            `json:"requests"`
	ReadUnits     float64          `json:"read_units"`
	WriteUnits    float64          `json:"write_units"`
}

func newGCCmd(d deps) *cobra.Command {
	var o gcOptions
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Remove what outlives its run or experiment, and on request what has been deleted",
		Long: "Remove what belongs to runs and experiments that are gone or expired: metric history, overflow, index rows,\n" +
			"datasets. With --older-than also delete for good all runs and experiments that were deleted that long ago;\n" +
			"with --run-ids or --experiment-ids, those. Artifacts of the runs are removed from directories and S3; served\n" +
			"ones (mlflow-artifacts:) where --artifacts-destination says.\n\n" +
			"It reads the whole table, and is safe beside servers. A pass that was interrupted goes on when it is called\n" +
			"again with the same flags. Unlike 'mlflow gc' it deletes nothing for good that is not asked for.",
		Example: "  mlflow-dynamodbstore gc --table my-table --region us-east-1 --units-per-second 500\n" +
			"  mlflow-dynamodbstore gc --table my-table --region us-east-1 --older-than 30d --artifacts-destination s3://my-bucket/mlflow\n" +
			"  mlflow-dynamodbstore gc --uri local:./mlflow-table --experiment-ids 4,7 --dry-run --output json",
		Args: cobra.NoArgs,
	}
	o.connection.addFlags(cmd.Flags())
	o.addOutput(cmd)
	o.workspaceFlags.addFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.olderThan, "older-than", "", "delete for good what was deleted this long ago, such as 30d, 12h or 1d2h3m4s")
	f.StringSliceVar(&o.runs, "run-ids", nil, "deleted runs to delete for good, separated by commas; repeatable")
	f.StringSliceVar(&o.experiments, "experiment-ids", nil,
		"deleted experiments to delete for good with all their runs, separated by commas; repeatable")
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would be removed")
	f.Float64Var(&o.units, "units-per-second", 0, "most read and write units to spend in a second; 0: no bound")
	f.BoolVar(&o.restart, "restart", false, "begin at the start, whatever an interrupted pass has done")
	f.StringVar(&o.artifactsDest, "artifacts-destination", "",
		"where served artifacts are stored, as the server's: a directory or s3://<bucket>/<prefix> (default: they stay)")
	cmd.RunE = runE(func(cmd *cobra.Command) error { return o.run(cmd, d) })
	return cmd
}

func (o *gcOptions) run(cmd *cobra.Command, d deps) (err error) {
	if err := bindEnv(cmd.Flags(), map[string]string{"artifacts-destination": "MLFLOW_ARTIFACTS_DESTINATION"}, d.env); err != nil {
		return err
	}
	p, err := o.params(cmd)
	if err != nil {
		return misuse{err}
	}
	if err := o.check(); err != nil {
		return err
	}
	s, err := o.connect(cmd.Context(), d)
	if errors.Is(err, table.ErrLocked) {
		return fmt.Errorf("the table at %s is open in another process; stop the server that has it, or start it with "+
			"'server --gc-every 24h', and it collects by itself", o.place())
	}
	if err != nil {
		return explain(err, o.place())
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return explain(o.each(cmd.Context(), d, &o.connection, s, func(ctx context.Context, w chosenWorkspace) (report, error) {
		return o.collect(ctx, cmd, d, w, p)
	}), o.place())
}

// collect collects the garbage of one workspace.
func (o *gcOptions) collect(
	ctx context.Context, cmd *cobra.Command, d deps, w chosenWorkspace, p dynamodbstore.GCParams,
) (report, error) {
	all := artifactRemover{buckets: newBucketOpener(d.env), destination: o.artifactsDest, log: d.warnings()}
	remover := all.in(w)
	p.DeleteArtifacts = remover.remove
	var r dynamodbstore.GCReport
	//nolint:contextcheck // the command has the same context
	err := withProgress(cmd, "collecting garbage", func(progress func(dynamodbstore.Progress)) (err error) {
		p.Progress = progress
		r, err = w.CollectGarbage(ctx, p)
		return err
	})
	return newGCOutput(r, remover.left), err
}

// params are what the flags ask for.
func (o *gcOptions) params(cmd *cobra.Command) (dynamodbstore.GCParams, error) {
	p := dynamodbstore.GCParams{
		PassOptions: dynamodbstore.PassOptions{UnitsPerSecond: o.units, Restart: o.restart},
		DryRun:      o.dryRun, RunIDs: trimmed(o.runs), ExperimentIDs: trimmed(o.experiments),
	}
	if cmd.Flags().Changed("older-than") {
		age, err := parseAge(o.olderThan)
		if err != nil {
			return p, err
		}
		p.OlderThan = &age
	}
	for _, flag := range []string{"run-ids", "experiment-ids"} { // nothing named must not mean everything
		if list := map[string][]string{"run-ids": p.RunIDs, "experiment-ids": p.ExperimentIDs}[flag]; cmd.Flags().Changed(flag) && len(list) == 0 {
			return p, fmt.Errorf("--%s names nothing", flag)
		}
	}
	return p, nil
}

func trimmed(list []string) []string {
	return splitList(strings.Join(list, ","))
}

var agePattern = regexp.MustCompile(`^(?:([\d.]+)d)?(?:([\d.]+)h)?(?:([\d.]+)m)?(?:([\d.]+)s)?$`)

// parseAge reads an age in the form of MLflow: #d#h#m#s, each part optional.
// Source: MLflow 3.17, `mlflow gc --help`; the text is that of its error.
func parseAge(text string) (time.Duration, error) {
	bad := fmt.Errorf("Could not parse any time information from '%s'. "+ //nolint:staticcheck // the text is MLflow's
		"Examples of valid strings: '8h', '2d8h5m20s', '2m4s'", text)
	parts := agePattern.FindStringSubmatch(text)
	if text == "" || parts == nil {
		return 0, bad
	}
	var age float64
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if parts[i+1] == "" {
			continue
		}
		n, err := strconv.ParseFloat(parts[i+1], 64)
		if err != nil {
			return 0, bad
		}
		age += n * float64(unit)
	}
	const longest = 1 << 62
	return time.Duration(min(age, longest)), nil
}

func newGCOutput(r dynamodbstore.GCReport, left int64) gcOutput {
	return gcOutput{
		DryRun: r.DryRun, Resumed: r.Resumed, Scanned: r.Scanned, Experiments: r.Experiments, Runs: r.Runs,
		Removed: r.Removed, Artifacts: r.Artifacts - left, ArtifactsLeft: left, UnderCreation: r.Left,
		Requests: r.Units.Requests, ReadUnits: r.Units.Read, WriteUnits: r.Units.Write,
	}
}

func (o gcOutput) text(w io.Writer) error {
	verb := "removed"
	if o.DryRun {
		verb = "would be removed"
	}
	lines := []string{fmt.Sprintf("items looked at\t%d", o.Scanned)}
	if o.Resumed {
		lines[0] += ", going on where an interrupted pass stopped"
	}
	lines = append(lines, fmt.Sprintf("experiments %s\t%d", verb, o.Experiments), fmt.Sprintf("runs %s\t%d", verb, o.Runs),
		fmt.Sprintf("artifacts %s\tof %d runs", verb, o.Artifacts))
	if o.ArtifactsLeft > 0 {
		lines = append(lines, fmt.Sprintf("artifacts left\tof %d runs: see --artifacts-destination", o.ArtifactsLeft))
	}
	lines = append(lines, fmt.Sprintf("items %s\t%d", verb, total(o.Removed)))
	for _, kind := range slices.Sorted(maps.Keys(o.Removed)) {
		lines = append(lines, fmt.Sprintf("  %s\t%d", kind, o.Removed[kind]))
	}
	if o.UnderCreation > 0 {
		lines = append(lines, fmt.Sprintf("items that may be under creation\t%d", o.UnderCreation))
	}
	lines = append(lines, fmt.Sprintf("cost\t%d requests, %g RCU, %g WCU", o.Requests, o.ReadUnits, o.WriteUnits))
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}

// collectEvery collects garbage until ctx ends: a minute after the start, and
// then each time that the given time has passed since the last pass ended.
func collectEvery(ctx context.Context, every time.Duration, collect func(ctx context.Context)) {
	timer := time.NewTimer(min(every, firstCollection))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		collect(ctx)
		timer.Reset(every)
	}
}

// firstCollection is how long a server runs before it first collects.
const firstCollection = time.Minute

// collectAll collects the garbage of the chosen workspaces.
func collectAll(
	ctx context.Context, s *dynamodbstore.Store, of workspaceFlags, p dynamodbstore.GCParams, remover *artifactRemover, log *slog.Logger,
) {
	chosen, err := of.chosen(ctx, s)
	if err != nil && ctx.Err() == nil {
		log.LogAttrs(ctx, slog.LevelWarn, "garbage could not be collected", slog.Any("error", err))
	}
	for _, w := range chosen {
		p.DeleteArtifacts = remover.in(w).remove
		logCollection(ctx, w.Store, p, log)
	}
}

// logCollection collects garbage, and says in one line what came of it.
func logCollection(ctx context.Context, s *dynamodbstore.Store, p dynamodbstore.GCParams, log *slog.Logger) {
	r, err := s.CollectGarbage(ctx, p)
	attrs := []slog.Attr{
		slog.Int64("scanned", r.Scanned), slog.Int64("runs", r.Runs), slog.Int64("items", total(r.Removed)),
		slog.Float64("rcu", r.Units.Read), slog.Float64("wcu", r.Units.Write),
	}
	switch {
	case err == nil:
		log.LogAttrs(ctx, slog.LevelInfo, "garbage is collected", attrs...)
	case ctx.Err() != nil:
		log.LogAttrs(ctx, slog.LevelInfo, "garbage collection stops with the server", attrs...)
	default:
		log.LogAttrs(ctx, slog.LevelWarn, "garbage could not be collected", append(attrs, slog.Any("error", err))...)
	}
}

func total(counts map[string]int64) int64 {
	var n int64
	for _, c := range counts {
		n += c
	}
	return n
}
