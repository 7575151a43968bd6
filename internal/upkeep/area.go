package upkeep

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Area is what a domain does in each kind of pass. What is nil it leaves alone.
type Area struct {
	// Named refuses an experiment that is not there: of the domain that keeps
	// them.
	Named func(ctx context.Context, experiment string) error
	// Policy gives what is there the expiry that a policy says.
	Policy func(p settings.Policy) Work
	// Tags brings what is there up to the tag patterns.
	Tags Work
	// Trigrams brings what is there up to the trigram fields.
	Trigrams Work
}

// Work is what a domain does in one pass. It is done beside servers and other
// passes, and again after a crash, so what is up to date must stay as it is. In
// an experiment and in a run the domains work one after the other, in their
// order; an error ends the pass.
type Work struct {
	// Experiment brings up to date an experiment, or what the domain has in it
	// besides runs. Of the latter it tells p by steps; changed is 1 if it has
	// changed the experiment. It may be gone by now.
	Experiment func(ctx context.Context, p *pass.Pass, id string) (changed int64, err error)
	// Runs is given each page of the run list of an experiment, which is not
	// empty, and returns what brings a run of it up to date.
	Runs func(ctx context.Context, experiment string, rows []table.Item) (Run, error)
}

// Run brings one run up to date, whose list row was read; it may be gone by now,
// or its creation was not finished. changed counts what was written: the run, and
// items of it. Called from several goroutines.
type Run func(ctx context.Context, id string, row table.Item) (changed int64, err error)

// Count is what something counts that was changed or not.
func Count(changed bool) int64 {
	if changed {
		return 1
	}
	return 0
}
