package access

import (
	"net/url"
	"strconv"
	"strings"
)

// ScorerID is what grants on a scorer name it by: <experiment id>/<name>, the name
// percent-encoded, slashes too, so that no two scorers have one id.
//
// Source: MLflow 3.18, server/auth/sqlalchemy_store.py, _scorer_pattern.
func ScorerID(experimentID, name string) string {
	return canonicalExperiment(experimentID) + "/" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// ParseScorerID takes the id of a scorer apart. Names may come encoded less than
// [ScorerID] does it: "7/a b" and "7/a/b" are read as "7/a%20b" and "7/a%2Fb". What is
// no id is INVALID_PARAMETER_VALUE, in MLflow's words.
func ParseScorerID(id string) (experimentID, name string, err error) {
	experimentID, encoded, ok := strings.Cut(id, "/")
	if ok {
		name, err = url.PathUnescape(encoded)
		ok = err == nil && strings.TrimSpace(name) != "" && isExperiment(experimentID)
	}
	if !ok {
		return "", "", invalidf("Invalid scorer resource_id. Expected '<experiment_id>/<scorer_name>'.")
	}
	return canonicalExperiment(experimentID), name, nil
}

// canonicalID is an id as grants on the type are kept and compared. An id of no
// possible thing stays as it is, and no grant is on it.
//
// Source: MLflow 3.18, server/auth/permissions.py, canonical_resource_id.
func canonicalID(t Type, id string) string {
	switch t {
	case Experiment:
		return canonicalExperiment(id)
	case Scorer:
		if experimentID, name, err := ParseScorerID(id); err == nil {
			return ScorerID(experimentID, name)
		}
	default:
	}
	return id
}

// parsePattern reads a pattern of a grant on the type, which admits it, see
// [checkGrain]. What would never match anything is refused, so that no DENY is
// believed in that denies nothing.
func parsePattern(t Type, pattern string) (string, error) {
	if pattern == Any {
		return Any, nil
	}
	switch t {
	case Experiment:
		if !isExperiment(pattern) {
			return "", invalidf("Invalid experiment ID '%s'. Experiment ID must be a valid integer.", pattern)
		}
	case Scorer:
		if _, _, err := ParseScorerID(pattern); err != nil {
			return "", err
		}
	case Skill:
		if !isSkill(pattern) {
			return "", invalidf("Invalid Skill Registry resource_id. Expected 'name' or '@organization/name'.")
		}
	default:
		if pattern == "" {
			return "", invalidf("Invalid resource_pattern '' for resource_type='%s'. It must not be empty.", t)
		}
	}
	return canonicalID(t, pattern), nil
}

// checkGrain refuses patterns on types that are granted by [Any] only.
//
// Source: MLflow 3.18, server/auth/permissions.py, _validate_resource_pattern.
func checkGrain(t Type, pattern string) error {
	if pattern == Any || t.ByID() {
		return nil
	}
	return invalidf("Invalid resource_pattern '%s' for resource_type='%s'. This resource type supports only wildcard "+
		"('*') grants.", pattern, t)
}

// canonicalExperiment is an experiment id as the Store keeps it: " 007" is "7".
func canonicalExperiment(id string) string {
	if isCanonicalNumber(id) {
		return id
	}
	if n, err := strconv.ParseInt(strings.TrimSpace(id), 10, 64); err == nil {
		return strconv.FormatInt(n, 10)
	}
	return id
}

func isExperiment(id string) bool {
	_, err := strconv.ParseInt(strings.TrimSpace(id), 10, 64)
	return err == nil
}

// isCanonicalNumber spares most ids the way through a number.
func isCanonicalNumber(id string) bool {
	if id == "" || len(id) > 18 || id[0] == '0' && len(id) > 1 {
		return false
	}
	for _, c := range []byte(id) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// isSkill: a name, or @organization/name.
//
// Source: MLflow 3.18, server/auth/permissions.py, _parse_skill_registry_resource_key.
func isSkill(id string) bool {
	name := id
	if org, ok := strings.CutPrefix(id, "@"); ok {
		if org, name, ok = strings.Cut(org, "/"); !ok || org == "" {
			return false
		}
	}
	return name != "" && !strings.Contains(name, "/")
}
