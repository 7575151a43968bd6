package dynamodbstore

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
)

// BackfillTags brings every experiment and run of the workspace up to the tag
// patterns: tags that match become attributes, and settled runs get their index
// rows. Open runs get theirs when they settle. Then the patterns count as
// complete: searches rely on them.
//
// Each item is written atomically, on the condition that nobody has changed it
// meanwhile; the content of no run or experiment changes. A pass that was
// interrupted goes on where it stopped. Servers may write meanwhile: unless
// the patterns have been as they are for two minutes, the pass waits until all
// servers have noticed them, and looks again at what it has done by then. If
// they are changed while it is under way it starts over.
//
// RESOURCE_DOES_NOT_EXIST if there is no such experiment, and
// INVALID_PARAMETER_VALUE if it has no patterns of its own. Reads the run
// lists and heads; 1 WCU for each KB of a head or list row that changes, and
// 1 for each index row.
func (s *Store) BackfillTags(ctx context.Context, p BackfillParams) (BackfillReport, error) {
	r, err := s.upkeep.BackfillTags(ctx, p.engine())
	return backfillReportOf(r), failure(err)
}

// TagPatterns says which tags are denormalized: copied to attributes of their
// run or experiment.
type TagPatterns struct {
	Global []string // of all experiments; mlflow.* is always among them
	Own    []string // of one experiment, in union with the global ones
}

// TagPatterns returns the persisted patterns, with an experiment's own ones if
// its id is given; RESOURCE_DOES_NOT_EXIST if there is no such experiment.
// 1 request, 1 RCU; 2 with an experiment.
func (s *Store) TagPatterns(ctx context.Context, experimentID string) (TagPatterns, error) {
	if experimentID != "" {
		if _, err := s.GetExperiment(ctx, experimentID); err != nil {
			return TagPatterns{}, err
		}
	}
	cfg, err := s.settings.Read(ctx)
	if err != nil {
		return TagPatterns{}, failure(err)
	}
	return TagPatterns{Global: cfg.Patterns, Own: cfg.OwnPatterns[validate.CanonicalID(experimentID)]}, nil
}

// SetTagPatterns replaces the global patterns, or with an experiment's id that
// experiment's own ones; mlflow.* stays among the global ones. Servers follow
// within 30 seconds, for what is written from then on. Atomic; a server that
// starts at the same moment loses nothing. No patterns clear the list. A pattern
// that is empty, has blanks around it or a comma outside of braces, or is no
// glob is refused with [CodeInvalidParameterValue], and nothing changes. 2
// requests, 1 RCU, 1 WCU.
func (s *Store) SetTagPatterns(ctx context.Context, experimentID string, patterns []string) error {
	if err := settings.ValidatePatterns(patterns); err != nil {
		return &Error{Code: CodeInvalidParameterValue, Message: err.Error()}
	}
	if experimentID != "" {
		if _, err := s.GetExperiment(ctx, experimentID); err != nil {
			return err
		}
	}
	return failure(s.settings.SetPatterns(ctx, experimentID, patterns))
}
