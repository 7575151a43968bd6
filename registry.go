package dynamodbstore

import (
	"context"
	"iter"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
)

// CreateRegisteredModel makes a registered model, or a prompt: one with the tag
// mlflow.prompt.is_prompt = 'true'. Both share their names; a name that is
// taken is RESOURCE_ALREADY_EXISTS.
//
// Atomic: one transaction of the document, which stands at the name, and its
// pointer. Trigrams of the name, and what does not fit the document, are
// written before, where nobody follows them without a document. 3 requests, 1
// RCU, and 4 WCU below 1 KB, 1 more for each trigram: the characters of the name
// less two.
func (s *Store) CreateRegisteredModel(ctx context.Context, p CreateRegisteredModelParams) (*RegisteredModel, error) {
	v, err := s.registry.CreateRegisteredModel(ctx, p)
	return v, failure(err)
}

// GetRegisteredModel returns a registered model with the latest version of each
// stage; RESOURCE_DOES_NOT_EXIST if there is none of that name. 1 request and 1
// RCU for a small model with small versions; else 1 RCU for each 4 KB of them.
func (s *Store) GetRegisteredModel(ctx context.Context, name string) (*RegisteredModel, error) {
	v, err := s.registry.GetRegisteredModel(ctx, name)
	return v, failure(err)
}

// SearchRegisteredModels returns the registered models that match a filter, by
// name unless OrderBy says otherwise. Prompts are left out unless the filter
// asks for them. MaxResults 0 means 100; at most 1,000.
//
// An order by name reads names up to the end of the page, from the beginning
// that a LIKE asks for; any other order reads all models. Names that the filter
// names, or few candidates of a LIKE, are looked up instead. [WithExplanation]
// tells which. 1 RCU for each 4 KB read: 11 RCU for 100 models with one small
// version each; 2 for each candidate. A
// search that takes two minutes ends with [ErrUnavailable].
func (s *Store) SearchRegisteredModels(ctx context.Context, p SearchRegisteredModelsParams) (Page[*RegisteredModel], error) {
	v, err := s.modelsearch.SearchRegisteredModels(ctx, p)
	return v, failure(err)
}

// AllRegisteredModels iterates over all pages of SearchRegisteredModels. It
// stops at the first error, which it yields.
func (s *Store) AllRegisteredModels(ctx context.Context, p SearchRegisteredModelsParams) iter.Seq2[*RegisteredModel, error] {
	return page.All(func(token string) (Page[*RegisteredModel], error) {
		if token != "" {
			p.PageToken = token
		}
		return s.SearchRegisteredModels(ctx, p)
	})
}

// UpdateRegisteredModel sets the description of a registered model; "" removes
// it. Atomic. 2 requests, 1 RCU and 2 WCU below 1 KB.
func (s *Store) UpdateRegisteredModel(ctx context.Context, p UpdateRegisteredModelParams) (*RegisteredModel, error) {
	v, err := s.registry.UpdateRegisteredModel(ctx, p)
	return v, failure(err)
}

// RenameRegisteredModel gives a registered model, and with it all its versions,
// another name; one that is taken is RESOURCE_ALREADY_EXISTS. Atomic with the
// old name's release: one transaction, whatever the number of versions. 3
// requests, 1 RCU and 6 WCU below 1 KB, and 1 WCU for each trigram that one of
// the names has and the other has not.
func (s *Store) RenameRegisteredModel(ctx context.Context, name, newName string) (*RegisteredModel, error) {
	v, err := s.registry.RenameRegisteredModel(ctx, name, newName)
	return v, failure(err)
}

// SetRegisteredModelTag sets one tag of a registered model;
// RESOURCE_DOES_NOT_EXIST if there is none of that name. Atomic. 2 requests, 1
// RCU and 2 WCU below 1 KB.
func (s *Store) SetRegisteredModelTag(ctx context.Context, name string, t Tag) error {
	return failure(s.registry.SetRegisteredModelTag(ctx, name, t))
}

// DeleteRegisteredModelTag removes one tag of a registered model, if it has it.
// Costs as [Store.SetRegisteredModelTag].
func (s *Store) DeleteRegisteredModelTag(ctx context.Context, name, key string) error {
	return failure(s.registry.DeleteRegisteredModelTag(ctx, name, key))
}

// DeleteRegisteredModel deletes a registered model with all its versions;
// RESOURCE_DOES_NOT_EXIST if there is none of that name.
//
// The document goes first, in one transaction: from then on the name is free,
// and nobody sees any of the versions. Then their rows are removed, which are
// garbage by then; what a crash or a failure leaves of them is removed by a
// garbage collection. 4 WCU below 1 KB, 1 WCU for each KB of each row, and for
// each trigram.
func (s *Store) DeleteRegisteredModel(ctx context.Context, name string) error {
	return failure(s.registry.DeleteRegisteredModel(ctx, name))
}

// CreateModelVersion makes the next version of a registered model: one more
// than the highest that there ever was. RESOURCE_DOES_NOT_EXIST if there is no
// such model.
//
// Atomic: one transaction of the version and its model's document, whose
// revision gives each creator, on whatever server, a number of its own. Index
// rows by run and source, and what does not fit the version, are written before,
// where nobody follows them without a version. 3 requests, 1 RCU, and 6 WCU for
// a small version of a small model.
func (s *Store) CreateModelVersion(ctx context.Context, p CreateModelVersionParams) (*ModelVersion, error) {
	v, err := s.registry.CreateModelVersion(ctx, p)
	return v, failure(err)
}

// GetModelVersion returns a version; RESOURCE_DOES_NOT_EXIST if there is none.
// 2 requests and 2 RCU at most for a small model and version, 1 for the latest
// of a stage.
func (s *Store) GetModelVersion(ctx context.Context, name string, version int) (*ModelVersion, error) {
	v, err := s.registry.GetModelVersion(ctx, name, version)
	return v, failure(err)
}

// GetModelVersionByAlias returns the version that an alias stands for; "latest",
// in any case, stands for the highest version. INVALID_PARAMETER_VALUE if there
// is no such alias, RESOURCE_DOES_NOT_EXIST if there is no such model. 2
// requests and 2 RCU at most for a small model and version.
func (s *Store) GetModelVersionByAlias(ctx context.Context, name, alias string) (*ModelVersion, error) {
	v, err := s.registry.GetModelVersionByAlias(ctx, name, alias)
	return v, failure(err)
}

// LatestVersions returns the latest version of each of some stages of a
// registered model, all stages if none is named, lowest first.
// RESOURCE_DOES_NOT_EXIST if there is no such model. Costs as
// [Store.GetRegisteredModel].
func (s *Store) LatestVersions(ctx context.Context, name string, wanted []string) ([]*ModelVersion, error) {
	v, err := s.registry.LatestVersions(ctx, name, wanted)
	return v, failure(err)
}

// ModelVersionDownloadURI returns where a version's artifacts are;
// RESOURCE_DOES_NOT_EXIST if there is no such version. Costs as
// [Store.GetModelVersion].
func (s *Store) ModelVersionDownloadURI(ctx context.Context, name string, version int) (string, error) {
	v, err := s.registry.ModelVersionDownloadURI(ctx, name, version)
	return v, failure(err)
}

// SearchModelVersions returns the model versions that match a filter, latest
// update first unless OrderBy says otherwise, without their aliases, as MLflow
// does. Versions of prompts are left out unless the filter asks for them.
// MaxResults 0 means 10,000; at most 200,000.
//
// Runs, models and sources that the filter names are looked up; any other search
// reads all versions. [WithExplanation] tells which. 1 RCU for each 4 KB read;
// 1 RCU for each version of a run or source, and 2 for each of their models. A
// search that takes two minutes ends with [ErrUnavailable].
func (s *Store) SearchModelVersions(ctx context.Context, p SearchModelVersionsParams) (Page[*ModelVersion], error) {
	v, err := s.modelsearch.SearchModelVersions(ctx, p)
	return v, failure(err)
}

// AllModelVersions iterates over all pages of SearchModelVersions. It stops at
// the first error, which it yields.
func (s *Store) AllModelVersions(ctx context.Context, p SearchModelVersionsParams) iter.Seq2[*ModelVersion, error] {
	return page.All(func(token string) (Page[*ModelVersion], error) {
		if token != "" {
			p.PageToken = token
		}
		return s.SearchModelVersions(ctx, p)
	})
}

// UpdateModelVersion sets or removes the description of a version. Atomic.
// 2 or 3 requests, 4 WCU for a small model and version.
func (s *Store) UpdateModelVersion(ctx context.Context, p UpdateModelVersionParams) (*ModelVersion, error) {
	v, err := s.registry.UpdateModelVersion(ctx, p)
	return v, failure(err)
}

// TransitionModelVersionStage moves a version to a stage, and with
// ArchiveExisting all other versions of that stage to Archived, which is an
// error unless the stage is Staging or Production: INVALID_PARAMETER_VALUE,
// where MLflow has INTERNAL_ERROR, on which its client tries again for minutes.
//
// Atomic, however many versions are archived, see the notes on stages. 2 to 4
// requests and 4 WCU for a small model and version, 2 more if one is archived. When the highest of several
// versions leaves a stage, the rows below it are read up to the next one.
func (s *Store) TransitionModelVersionStage(ctx context.Context, p TransitionModelVersionParams) (*ModelVersion, error) {
	v, err := s.registry.TransitionModelVersionStage(ctx, p)
	return v, failure(err)
}

// SetModelVersionTag sets one tag of a version. Atomic. 2 or 3 requests, 4 WCU
// for a small model and version.
func (s *Store) SetModelVersionTag(ctx context.Context, name string, version int, t Tag) error {
	return failure(s.registry.SetModelVersionTag(ctx, name, version, t))
}

// DeleteModelVersionTag removes one tag of a version, if it has it. Costs as
// [Store.SetModelVersionTag].
func (s *Store) DeleteModelVersionTag(ctx context.Context, name string, version int, key string) error {
	return failure(s.registry.DeleteModelVersionTag(ctx, name, version, key))
}

// SetRegisteredModelAlias makes an alias stand for a version, whatever it stood
// for before; RESOURCE_DOES_NOT_EXIST if there is no such version. "latest" and
// what looks like a version, such as v1, cannot be set. Atomic. 3 requests, 2
// RCU and 2 WCU below 1 KB.
func (s *Store) SetRegisteredModelAlias(ctx context.Context, name, alias string, version int) error {
	return failure(s.registry.SetRegisteredModelAlias(ctx, name, alias, version))
}

// DeleteRegisteredModelAlias removes an alias, if there is one;
// RESOURCE_DOES_NOT_EXIST if there is no such model. Costs as
// [Store.SetRegisteredModelTag].
func (s *Store) DeleteRegisteredModelAlias(ctx context.Context, name, alias string) error {
	return failure(s.registry.DeleteRegisteredModelAlias(ctx, name, alias))
}

// DeleteModelVersion deletes a version, and its aliases; its number is not
// given out again. RESOURCE_DOES_NOT_EXIST if there is none.
//
// Atomic, unless more than 90 of its aliases stand in items of their own: then
// some of those go first. Rows that lead to the version, and what of it stood in
// items of its own, are removed after that: garbage, of which a crash leaves
// some for a garbage collection. 3 requests and 4 WCU for a small model and
// version, and 1 WCU for each index row.
func (s *Store) DeleteModelVersion(ctx context.Context, name string, version int) error {
	return failure(s.registry.DeleteModelVersion(ctx, name, version))
}
