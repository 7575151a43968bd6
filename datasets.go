package dynamodbstore

import (
	"context"
)

// LogInputs attaches datasets and models to an active run, by the known state of
// its experiment, see [Store]. A dataset that the
// experiment has under the same name and digest stays as it is, and so do the
// tags of one that the run has.
//
// Not atomic: each dataset is put if absent first, then the references are
// one write of the head, in one transaction with what SearchDatasets lists,
// but for more than 9 datasets or a run with much data, of which that is put
// afterwards. 2 requests for each dataset and 2 for the head; 1
// RCU for either, 1 WCU for each KB of a compressed dataset and of the head.
// With datasets that the process has not seen used in their context the head
// costs twice as much, and each of them 2 WCU; those of a run with much data
// are read again, in 1 request.
func (s *Store) LogInputs(ctx context.Context, p LogInputsParams) error {
	return failure(s.tracking.LogInputs(ctx, p))
}

// SearchDatasets returns the datasets that runs of 1 to 20 experiments have
// used, and in which contexts, by experiment, name, digest and context; at most
// 1,000. As in MLflow deletions do not count: runs and experiments may be
// deleted by now. 2 requests; 1 RCU for each experiment and 1 for about 30
// datasets.
func (s *Store) SearchDatasets(ctx context.Context, experimentIDs []string) ([]DatasetSummary, error) {
	v, err := s.datasets.Search(ctx, experimentIDs)
	return v, failure(err)
}
