package dynamodbstore

import (
	"context"
	"iter"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
)

// CreateLoggedModel makes a logged model, which is pending, in an active
// experiment and returns it. A key of params or tags that is given twice is
// BAD_REQUEST, as in MLflow; the text is our own.
//
// Atomic: one transaction of document and rows. Params and tags that do not
// fit the document are written before; without a document nobody sees them,
// and a garbage collection removes them. As with [Store.CreateRun] the
// experiment is read behind that, and the model taken back if it is deleted. 2
// requests, 4 WCU for a small model, 6 with a source run, 1 RCU for each 4 KB of
// the experiment; 1 more request and RCU unless it was used within a second.
func (s *Store) CreateLoggedModel(ctx context.Context, p CreateLoggedModelParams) (*LoggedModel, error) {
	v, err := s.loggedmodels.Create(ctx, p)
	return v, failure(err)
}

// FinalizeLoggedModel sets the status of a logged model, deleted or not, and
// returns it. Atomic. 1 request and 4 WCU for a small model; 1 request and 1
// RCU more for each of model and experiment that was not used lately, or if the
// model has data outside of its document.
func (s *Store) FinalizeLoggedModel(ctx context.Context, id string, status LoggedModelStatus) (*LoggedModel, error) {
	v, err := s.loggedmodels.Finalize(ctx, id, status)
	return v, failure(err)
}

// GetLoggedModel returns a logged model that is not deleted;
// RESOURCE_DOES_NOT_EXIST if there is none. All of it is read in one query,
// which is not a snapshot across items. 2 requests, 2 RCU for a model below
// 4 KB.
func (s *Store) GetLoggedModel(ctx context.Context, id string) (*LoggedModel, error) {
	v, err := s.loggedmodels.Get(ctx, id)
	return v, failure(err)
}

// GetAnyLoggedModel is [Store.GetLoggedModel] for models that may be deleted.
func (s *Store) GetAnyLoggedModel(ctx context.Context, id string) (*LoggedModel, error) {
	v, err := s.loggedmodels.GetAny(ctx, id)
	return v, failure(err)
}

// SearchLoggedModels returns the logged models of some experiments that match
// a filter and are not deleted, newest first unless OrderBy says otherwise.
// Models of deleted experiments are found too, as in MLflow. A page may be
// short, or empty, and still have a NextPageToken; it has at most 5,000 models,
// and ends where they take more than 24 MB as they are stored.
//
// Every model is as it was at some moment of the call. In the default order
// the call reads up to the end of the page; any other order reads all models of
// the experiments, and keeps those of the page. Models of one run, or of given
// ids, are looked up. A page of 50 small models of one experiment is 2 requests
// and 9 RCU; a model with much data costs a request of its own. A search that
// takes two minutes ends with [ErrUnavailable].
func (s *Store) SearchLoggedModels(ctx context.Context, p SearchLoggedModelsParams) (Page[*LoggedModel], error) {
	v, err := s.loggedmodels.Search(ctx, p)
	return v, failure(err)
}

// AllLoggedModels iterates over all pages of SearchLoggedModels. It stops at
// the first error, which it yields.
func (s *Store) AllLoggedModels(ctx context.Context, p SearchLoggedModelsParams) iter.Seq2[*LoggedModel, error] {
	return page.All(func(token string) (Page[*LoggedModel], error) {
		if token != "" {
			p.PageToken = token
		}
		return s.SearchLoggedModels(ctx, p)
	})
}

// SetLoggedModelTags sets tags of a logged model, deleted or not; of a key
// given twice the last value counts. Atomic for each 97 tags that do not fit
// the document, else as a whole. 1 or 2 requests, 4 WCU for a small model.
func (s *Store) SetLoggedModelTags(ctx context.Context, id string, tags []Tag) error {
	return failure(s.loggedmodels.SetTags(ctx, id, tags))
}

// DeleteLoggedModelTag removes a tag of a logged model, deleted or not;
// RESOURCE_DOES_NOT_EXIST if it has none of that key. Atomic. 1 or 2 requests,
// 4 WCU for a small model.
func (s *Store) DeleteLoggedModelTag(ctx context.Context, id, key string) error {
	return failure(s.loggedmodels.DeleteTag(ctx, id, key))
}

// LogLoggedModelParams logs params of a logged model, deleted or not. A param
// that it has with another value is BAD_REQUEST, where MLflow refuses the same
// value too: so a request whose answer was lost can be repeated. Atomic for each
// 97 params. 1 or 2 requests, 4 WCU for a small model.
func (s *Store) LogLoggedModelParams(ctx context.Context, id string, params []Param) error {
	return failure(s.loggedmodels.LogParams(ctx, id, params))
}

// AddModelVersionToLoggedModel adds a version of a registered model to the list
// in the tag mlflow.modelVersions of the logged model that it was made of;
// nothing changes if it is there. RESOURCE_DOES_NOT_EXIST without such a model.
//
// Atomic, and unlike MLflow's none of two that are added at once is lost. A list
// that is no JSON is replaced. 2 requests, 4 WCU and 1 RCU for a small model.
//
// Source: MLflow 3.17, store/tracking/abstract_store.py, set_model_versions_tags.
func (s *Store) AddModelVersionToLoggedModel(ctx context.Context, id, name string, version int) error {
	return failure(s.loggedmodels.AddVersion(ctx, id, name, version))
}

// DeleteLoggedModel marks a logged model as deleted; it expires after the
// retention of soft-deleted entities. Deleting a deleted one only moves its
// update time and expiry, as nothing restores a logged model. Atomic. 1 or 2
// requests, 6 WCU for a small model, 8 with a source run.
func (s *Store) DeleteLoggedModel(ctx context.Context, id string) error {
	return failure(s.loggedmodels.Delete(ctx, id))
}
