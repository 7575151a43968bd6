package dynamodbstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

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
	if err := validateModelName(p.Name, "name"); err != nil {
		return nil, err
	}
	if err := validateModelTags(p.Tags, true); err != nil {
		return nil, err
	}
	uid, err := s.newModelID()
	if err != nil {
		return nil, err
	}
	var v *versionDoc
	writtenTo := "" // the model that has what does not fit
	begun := s.nowMillis()
	m, err := s.mutateModel(ctx, p.Name, errNoModel(p.Name), func(_ context.Context, cur *modelDoc) (*modelDoc, error) {
		if err := s.checkBegun(begun, fmt.Sprintf("A version of the registered model %q", p.Name)); err != nil {
			return nil, err
		}
		next := cur.clone()
		next.last++
		next.updated = s.nextModelTime(cur)
		v = newVersion(p, next, uid)
		rest := v.fill(s.versionNoteKey(cur.id, uid), p.Description, p.Tags)
		next.before = s.versionIndexItems(cur.id, v)
		if writtenTo != cur.id {
			writtenTo, next.before = cur.id, append(next.before, rest...)
		}
		if v.isPrompt() {
			next.prompts++
		}
		enterStage(next, v.stage, v)
		s.putVersion(next, v)
		return next, nil
	})
	if err != nil {
		return nil, err
	}
	whole := v.clone()
	whole.notes = newNotes(p.Description, p.Tags)
	return m.versionEntity(whole), nil
}

// newVersion is the version that next gets with its next write.
func newVersion(p CreateModelVersionParams, next *modelDoc, uid string) *versionDoc {
	v := &versionDoc{
		version: next.last, uid: uid, staged: next.rev + 1, created: next.updated, updated: next.updated,
		source: p.Source, location: p.StorageLocation, run: p.RunID, link: p.RunLink, logged: p.ModelID,
	}
	if v.location == v.source {
		v.location = ""
	}
	return v
}

// GetModelVersion returns a version; RESOURCE_DOES_NOT_EXIST if there is none.
// 2 requests and 2 RCU at most for a small model and version, 1 for the latest
// of a stage.
func (s *Store) GetModelVersion(ctx context.Context, name string, version int) (*ModelVersion, error) {
	if err := validateModelName(name, "name"); err != nil {
		return nil, err
	}
	missing := errNoVersion(name, version)
	m, found, err := s.readWholeModel(ctx, name, missing, keys.AliasPrefix, onlyVersion(version, missing))
	switch {
	case err != nil:
		return nil, failure(err)
	case len(found) == 0:
		return nil, missing
	}
	return m.aliasedVersion(found[0]), nil
}

// onlyVersion picks one version of a model, if there may be one of that number.
func onlyVersion(version int, missing error) func(*modelDoc) ([]int, error) {
	return func(m *modelDoc) ([]int, error) {
		if version < 1 || version > m.last {
			return nil, missing
		}
		return []int{version}, nil
	}
}

// ModelVersionDownloadURI returns where a version's artifacts are;
// RESOURCE_DOES_NOT_EXIST if there is no such version. Costs as
// [Store.GetModelVersion].
func (s *Store) ModelVersionDownloadURI(ctx context.Context, name string, version int) (string, error) {
	if err := validateModelName(name, "name"); err != nil {
		return "", err
	}
	missing := errNoVersion(name, version)
	_, found, err := s.readModel(ctx, name, missing, onlyVersion(version, missing))
	switch {
	case err != nil:
		return "", failure(err)
	case len(found) == 0:
		return "", missing
	case found[0].location != "":
		return found[0].location, nil
	}
	return found[0].source, nil
}

// UpdateModelVersion sets or removes the description of a version. Atomic.
// 2 or 3 requests, 4 WCU for a small model and version.
func (s *Store) UpdateModelVersion(ctx context.Context, p UpdateModelVersionParams) (*ModelVersion, error) {
	if err := validateModelName(p.Name, "name"); err != nil {
		return nil, err
	}
	m, v, err := s.mutateVersion(ctx, p.Name, p.Version, func(_ context.Context, m *modelDoc, v *versionDoc) (bool, error) {
		v.undescribed = p.Description == nil
		text := ""
		if !v.undescribed {
			text = *p.Description
		}
		m.ops = append(m.ops, v.describeOp(s.versionNoteKey(m.id, v.uid), text)...)
		v.updated = max(s.nowMillis(), v.updated)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	e, err := s.changedVersion(ctx, m, v)
	return e, failure(err)
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
	to, err := canonicalStage(p.Stage)
	if err != nil {
		return nil, err
	}
	if active := to == stageIndex(StageStaging) || to == stageIndex(StageProduction); p.ArchiveExisting && !active {
		return nil, invalidf("Model version transition cannot archive existing model versions "+
			"because '%s' is not an Active stage. Valid stages are ['Staging', 'Production']", p.Stage)
	}
	if err := validateModelName(p.Name, "name"); err != nil {
		return nil, err
	}
	m, v, err := s.mutateVersion(ctx, p.Name, p.Version, func(ctx context.Context, m *modelDoc, v *versionDoc) (bool, error) {
		from, _ := m.stageOf(v)
		moves := from != to || p.ArchiveExisting
		if moves {
			if err := s.leaveStage(ctx, m, from, v.version); err != nil {
				return false, err
			}
		}
		m.updated = s.nextModelTime(m)
		v.stage, v.staged, v.updated = to, m.rev+1, max(m.updated, v.updated)
		if p.ArchiveExisting {
			if err := s.archive(ctx, m, to); err != nil {
				return false, err
			}
		}
		if moves {
			enterStage(m, to, v)
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	e, err := s.changedVersion(ctx, m, v)
	return e, failure(err)
}

// archive moves all versions of a stage of next to Archived: one by its row,
// several by a cut.
func (s *Store) archive(ctx context.Context, next *modelDoc, stage int) error {
	info, archived := &next.stages[stage], &next.stages[stageArchived]
	switch info.count {
	case 0:
		return nil
	case 1:
		v, err := s.currentVersion(ctx, next, info.latest)
		if errors.Is(err, ErrNotFound) { // the model has changed since its document was read
			return table.ErrConflict
		}
		if err != nil {
			return err
		}
		v = v.clone()
		v.stage, v.staged, v.updated = stageArchived, next.rev+1, max(next.updated, v.updated)
		info.latest, info.count, info.copied = 0, 0, nil
		enterStage(next, stageArchived, v)
		s.putVersion(next, v)
		return nil
	}
	if archived.count += info.count; info.latest > archived.latest {
		archived.latest, archived.copied = info.latest, info.copied
	}
	*info = info.cutAt(stageCut{next.rev + 1, next.updated})
	return nil
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
	if err := validateModelName(name, "name"); err != nil {
		return err
	}
	var m *modelDoc
	var v *versionDoc
	for more := true; more; {
		var err error
		m, err = s.mutateModel(ctx, name, errNoVersion(name, version), func(ctx context.Context, cur *modelDoc) (*modelDoc, error) {
			var next *modelDoc
			var err error
			next, v, more, err = s.withoutVersion(ctx, cur, version)
			return next, err
		})
		if err != nil {
			return err
		}
	}
	if err := s.removeVersionRows(table.DeferSync(ctx), m.id, v); err != nil {
		s.logger.WarnContext(ctx, "rows of a deleted version stay until a garbage collection",
			"model", m.id, "version", version, "error", err)
	}
	return nil
}

// withoutVersion returns a copy of a document whose write deletes a version, and
// that version; more: only some of its aliases.
func (s *Store) withoutVersion(ctx context.Context, cur *modelDoc, version int) (*modelDoc, *versionDoc, bool, error) {
	v, err := s.currentVersion(ctx, cur, version)
	if err != nil {
		return nil, nil, false, err
	}
	next, more, err := s.withoutAliases(ctx, cur, version)
	if err != nil || more {
		return next, v, more, err
	}
	next.updated = s.nextModelTime(cur)
	next.ops = append(next.ops, table.Delete{Key: s.ks.ModelVersion(cur.id, version)})
	stage, _ := cur.stageOf(v)
	return next, v, false, s.leaveStage(ctx, next, stage, version)
}

// aliasBatch is how many aliases that stand in items of their own one write
// removes.
const aliasBatch = 90

// withoutAliases returns a copy of a document whose write removes the aliases of
// a version; more: only some of them.
func (s *Store) withoutAliases(ctx context.Context, cur *modelDoc, version int) (next *modelDoc, more bool, err error) {
	next = cur.clone()
	for _, alias := range cur.aliasesOf(version) {
		next.entries[noteAlias] = next.entries[noteAlias].remove(alias)
	}
	if !cur.frozen {
		return next, false, nil
	}
	whole, err := s.wholeModel(ctx, cur, keys.AliasPrefix)
	if err != nil {
		return nil, false, err
	}
	aliases := slices.DeleteFunc(whole.aliasesOf(version), func(alias string) bool {
		_, inline := cur.entries[noteAlias].get(alias)
		return inline
	})
	for _, alias := range aliases[:min(len(aliases), aliasBatch)] {
		next.ops = append(next.ops, table.Delete{Key: s.ks.ModelOverflow(cur.id, keys.AliasPrefix, alias)})
	}
	return next, len(aliases) > aliasBatch, nil
}

// SetModelVersionTag sets one tag of a version. Atomic. 2 or 3 requests, 4 WCU
// for a small model and version.
func (s *Store) SetModelVersionTag(ctx context.Context, name string, version int, t Tag) error {
	if err := validateModelName(name, "name"); err != nil {
		return err
	}
	if err := validateModelTag(t, true); err != nil {
		return err
	}
	return s.changeVersionNotes(ctx, name, version, func(m *modelDoc, v *versionDoc) []table.Op {
		return v.setOp(s.versionNoteKey(m.id, v.uid), noteTag, t.Key, t.Value)
	})
}

// DeleteModelVersionTag removes one tag of a version, if it has it. Costs as
// [Store.SetModelVersionTag].
func (s *Store) DeleteModelVersionTag(ctx context.Context, name string, version int, key string) error {
	if err := validateModelName(name, "name"); err != nil {
		return err
	}
	if err := validateName(key, "", "key"); err != nil {
		return err
	}
	return s.changeVersionNotes(ctx, name, version, func(m *modelDoc, v *versionDoc) []table.Op {
		return v.dropOp(s.versionNoteKey(m.id, v.uid), noteTag, key)
	})
}

// changeVersionNotes changes the tags of a version.
func (s *Store) changeVersionNotes(ctx context.Context, name string, version int,
	apply func(m *modelDoc, v *versionDoc) []table.Op,
) error {
	_, _, err := s.mutateVersion(ctx, name, version, func(_ context.Context, m *modelDoc, v *versionDoc) (bool, error) {
		was := v.notes
		m.ops = append(m.ops, apply(m, v)...)
		if v.isPrompt() && !was.isPrompt() {
			m.prompts++
		} else if !v.isPrompt() && was.isPrompt() {
			m.prompts--
		}
		return len(m.ops) > 0 || !was.equal(&v.notes), nil
	})
	return err
}

// LatestVersions returns the latest version of each of some stages of a
// registered model, all stages if none is named, lowest first.
// RESOURCE_DOES_NOT_EXIST if there is no such model. Costs as
// [Store.GetRegisteredModel].
func (s *Store) LatestVersions(ctx context.Context, name string, wanted []string) ([]*ModelVersion, error) {
	if err := validateModelName(name, "name"); err != nil {
		return nil, err
	}
	m, latest, err := s.readWholeModel(ctx, name, errNoModel(name), keys.AliasPrefix, func(m *modelDoc) ([]int, error) {
		var in [stageCount]bool
		for _, st := range wanted {
			i, err := canonicalStage(st)
			if err != nil {
				return nil, err
			}
			in[i] = true
		}
		return m.latest(func(i int) bool { return len(wanted) == 0 || in[i] }), nil
	})
	if err != nil {
		return nil, failure(err)
	}
	out := make([]*ModelVersion, len(latest))
	for i, v := range latest {
		out[i] = m.aliasedVersion(v)
	}
	return out, nil
}

// latest returns the latest versions of the wanted stages, lowest first.
func (m *modelDoc) latest(wanted func(stage int) bool) []int {
	var out []int
	for i := range m.stages {
		if n := m.stages[i].latest; n > 0 && wanted(i) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// GetModelVersionByAlias returns the version that an alias stands for; "latest",
// in any case, stands for the highest version. INVALID_PARAMETER_VALUE if there
// is no such alias, RESOURCE_DOES_NOT_EXIST if there is no such model. 2
// requests and 2 RCU at most for a small model and version.
func (s *Store) GetModelVersionByAlias(ctx context.Context, name, alias string) (*ModelVersion, error) {
	if err := validateModelName(name, "name"); err != nil {
		return nil, err
	}
	if err := validateAlias(alias); err != nil {
		return nil, err
	}
	m, found, err := s.readWholeModel(ctx, name, errNoModel(name), keys.AliasPrefix, func(m *modelDoc) ([]int, error) {
		n, err := s.aliased(ctx, m, alias)
		return []int{n}, err
	})
	if err != nil {
		return nil, failure(err)
	}
	if len(found) == 0 { // it was deleted again and again meanwhile
		return nil, errNoAlias(alias)
	}
	return m.aliasedVersion(found[0]), nil
}

func errNoAlias(alias string) error {
	return invalidf("Registered model alias %s not found.", alias)
}

// aliased returns the version that an alias stands for.
func (s *Store) aliased(ctx context.Context, m *modelDoc, alias string) (int, error) {
	if isLatest(alias) {
		if n := m.highest(); n > 0 {
			return n, nil
		}
		return 0, errorf(CodeResourceDoesNotExist, "Latest version not found for model %s.", m.name)
	}
	text, ok := m.entries[noteAlias].get(alias)
	if !ok && m.frozen {
		it, found, err := s.t.Get(ctx, s.ks.ModelOverflow(m.id, keys.AliasPrefix, alias), table.Strong)
		if err != nil {
			return 0, err
		}
		text, ok = it.Str(keys.Value), found
	}
	if !ok {
		return 0, errNoAlias(alias)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, errorf(CodeInternalError, "alias %q stands for %q, which is no version", alias, text)
	}
	return n, nil
}
