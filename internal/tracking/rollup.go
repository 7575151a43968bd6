package tracking

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/fence"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/history"
)

// noteRecords notes that records were written, and has the run rolled up when
// they have piled up. What is known of piles is lost with the process or when
// the run has not been used for long: then readers notice, see tidy.
func (s *Store) noteRecords(ctx context.Context, run string, p history.Pile) {
	sh, ok := s.fence.KnownShape(run)
	if ok && sh.AddRecords(p) {
		s.rollUpLater(ctx, run, sh, false)
	}
}

// rollUpSettled has the records of a run that has ended rolled up if that
// pays. It reads and writes nothing itself.
func (s *Store) rollUpSettled(ctx context.Context, run string) {
	if sh, ok := s.fence.KnownShape(run); ok && sh.RecordsPay(true) {
		s.rollUpLater(ctx, run, sh, true)
	}
}

func (s *Store) rollUpLater(ctx context.Context, run string, sh *fence.Shape, settled bool) {
	if s.histories.QueueRollUp(ctx, run, history.WorthOf(settled)) {
		sh.ForgetRecords()
	}
}
