package validate

import (
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// CanonicalID is a valid experiment id as MLflow's integer column keeps it:
// "007" is experiment 7.
func CanonicalID(id string) string {
	if n, err := strconv.ParseInt(strings.TrimSpace(id), 10, 64); err == nil {
		return strconv.FormatInt(n, 10)
	}
	return id
}

// Limits of MLflow 3.17, mlflow/utils/validation.py. They count characters.
const (
	maxBatchMetrics      = 1000
	maxBatchParamsOrTags = 100
	maxBatchEntities     = 1000

	maxEntityKey       = 250
	maxParamValue      = 6000
	MaxTagValue        = 8000
	maxExperimentName  = 500
	maxExperimentKey   = 250
	maxExperimentValue = 20000

	maxDatasetName    = 500
	maxDatasetDigest  = 36
	maxDatasetSource  = 65535
	maxDatasetSchema  = 1048575
	maxDatasetProfile = 16777215
	maxInputTagKey    = 255
	maxInputTagValue  = 500

	maxRunID = 256
)

const (
	badCharacterText = "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.)," +
		" spaces ( ), colon(:) and slashes (/)."
	badPathText = "Names may be treated as files in certain cases, and must not resolve to other names" +
		" when treated as such. This name would resolve to "
)

// ExperimentName refuses names that no experiment can have.
func ExperimentName(name string) error {
	if strings.TrimFunc(name, pyrepr.IsSpace) == "" {
		return failure.Invalidf("Invalid experiment name: '%s'", name)
	}
	return CheckLength("name", maxExperimentName, name)
}

// ExperimentTag refuses tags of an experiment that MLflow refuses.
func ExperimentTag(key, value string) error {
	if err := Name(key, "", "key"); err != nil {
		return err
	}
	if err := CheckLength("key", maxExperimentKey, key); err != nil {
		return err
	}
	if err := CheckLength("value", maxExperimentValue, value); err != nil {
		return err
	}
	return validateRetentionTag(key, value)
}

// ExperimentID refuses ids that are not integers, as MLflow's SQL
// store does.
func ExperimentID(id string) error {
	if isInteger(id) {
		return nil
	}
	return failure.Invalidf("Invalid experiment ID '%s'. Experiment ID must be a valid integer.", id)
}

// isInteger tells whether Python's int() reads s: white space around it, a
// sign, and single underscores between digits are fine.
func isInteger(s string) bool {
	s = strings.TrimSpace(s)
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	digit := false // whether the last character was one
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9' || r >= utf8.RuneSelf && unicode.IsDigit(r):
			digit = true
		case r == '_' && digit:
			digit = false
		default:
			return false
		}
	}
	return digit
}

// RunID refuses what MLflow takes for no id of a run.
func RunID(id string) error {
	if isRunID(id) {
		return nil
	}
	return failure.Invalidf("Invalid value %s for parameter 'run_id' supplied.", pyrepr.JSON(id))
}

// isRunID is [a-zA-Z0-9][\w\-]{0,255}.
func isRunID(id string) bool {
	if id == "" || !isASCIIAlnum(id[0]) || len(id) > maxRunID && utf8.RuneCountInString(id) > maxRunID {
		return false
	}
	for _, r := range id {
		if r != '-' && !isWord(r) {
			return false
		}
	}
	return true
}

// Param returns the param as it is to be stored: with truncate set, an
// overlong value is cut instead of refused.
func Param(p mlflow.Param, at string, truncate bool) (mlflow.Param, error) {
	if err := Name(p.Key, at, "key"); err != nil {
		return p, err
	}
	if err := CheckLength("Param key", maxEntityKey, p.Key); err != nil {
		return p, err
	}
	value, err := limitLength("Param value", maxParamValue, p.Value, truncate)
	return mlflow.Param{Key: p.Key, Value: value}, err
}

// Tag returns the tag as it is to be stored: with truncate set, an
// overlong value is cut instead of refused.
func Tag(t mlflow.Tag, at string, truncate bool) (mlflow.Tag, error) {
	if err := Name(t.Key, at, "key"); err != nil {
		return t, err
	}
	if len(t.Key) > maxEntityKey {
		if err := CheckLength(joinPath(at, "key"), maxEntityKey, t.Key); err != nil {
			return t, err
		}
	}
	if len(t.Value) <= MaxTagValue {
		return t, nil
	}
	value, err := limitLength(joinPath(at, "value"), MaxTagValue, t.Value, truncate)
	return mlflow.Tag{Key: t.Key, Value: value}, err
}

// Metric refuses a point of a metric; at is where it stands in the request.
func Metric(m mlflow.Metric, at string) error {
	if err := Name(m.Key, at, "name"); err != nil {
		return err
	}
	if m.Timestamp < 0 {
		return failure.Invalidf("Invalid value %d for parameter '%s' supplied: metric '%s' (value=%s). "+
			"Timestamp must be a nonnegative long (64-bit integer) ",
			m.Timestamp, joinPath(at, "timestamp"), m.Key, pyrepr.Float(m.Value))
	}
	return CheckLength("Metric name", maxEntityKey, m.Key)
}

// Batch checks everything that MLflow's store checks before log_batch
// writes, in its order, and returns the batch as it is to be stored.
func Batch(p mlflow.LogBatchParams, truncate bool) (mlflow.LogBatchParams, error) {
	if err := RunID(p.RunID); err != nil {
		return p, err
	}
	p, err := validateBatchData(p, truncate)
	if err != nil {
		return p, err
	}
	for _, l := range []struct {
		name       string
		limit, got int
	}{
		{"metrics", maxBatchMetrics, len(p.Metrics)},
		{"params", maxBatchParamsOrTags, len(p.Params)},
		{"tags", maxBatchParamsOrTags, len(p.Tags)},
		{"metrics, params, and tags", maxBatchEntities, len(p.Metrics) + len(p.Params) + len(p.Tags)},
	} {
		if l.got > l.limit {
			return p, failure.Invalidf("A batch logging request can contain at most %d %s. Got %d %s. "+
				"Please split up %s across multiple requests and try again.",
				l.limit, l.name, l.got, l.name, l.name)
		}
	}
	return p, validateUniqueKeys(p.Params)
}

func validateBatchData(p mlflow.LogBatchParams, truncate bool) (mlflow.LogBatchParams, error) {
	for i, m := range p.Metrics {
		if validMetric(m) {
			continue
		}
		if err := Metric(m, "metrics["+strconv.Itoa(i)+"]"); err != nil {
			return p, err
		}
	}
	params := p.Params
	for i, param := range p.Params {
		if validParam(param) {
			continue
		}
		cut, err := Param(param, "params["+strconv.Itoa(i)+"]", truncate)
		if err != nil {
			return p, err
		}
		params = replaceAt(params, p.Params, i, cut)
	}
	tags := p.Tags
	for i, tag := range p.Tags {
		if validTag(tag) {
			continue
		}
		cut, err := Tag(tag, "tags["+strconv.Itoa(i)+"]", truncate)
		if err != nil {
			return p, err
		}
		tags = replaceAt(tags, p.Tags, i, cut)
	}
	p.Params, p.Tags = params, tags
	return p, nil
}

// replaceAt sets list[i], first copying the list if it is still the caller's.
func replaceAt[T comparable](list, original []T, i int, v T) []T {
	if list[i] == v {
		return list
	}
	if &list[0] == &original[0] {
		list = append([]T(nil), original...)
	}
	list[i] = v
	return list
}

// The valid* functions say yes to what is certainly fine and cost no
// allocation; what they refuse is looked at again, with its path in the batch.

func validMetric(m mlflow.Metric) bool { return m.Timestamp >= 0 && validKey(m.Key) }

func validParam(p mlflow.Param) bool { return validKey(p.Key) && len(p.Value) <= maxParamValue }

func validTag(t mlflow.Tag) bool { return validKey(t.Key) && len(t.Value) <= MaxTagValue }

func validKey(key string) bool {
	return len(key) <= maxEntityKey && nameCharsOK(key) && !pathNotUnique(key)
}

func validateUniqueKeys(params []mlflow.Param) error {
	if len(params) < 2 {
		return nil
	}
	seen := make(map[string]struct{}, len(params))
	var dupes []byte
	for _, p := range params {
		if _, ok := seen[p.Key]; !ok {
			seen[p.Key] = struct{}{}
			continue
		}
		if dupes != nil {
			dupes = append(dupes, ", "...)
		}
		dupes = append(dupes, pyrepr.String(p.Key)...)
	}
	if dupes == nil {
		return nil
	}
	return failure.Invalidf("Duplicate parameter keys have been submitted: [%s]. Please ensure "+
		"the request contains only one param value per param key.", dupes)
}

// DatasetInputs refuses datasets of a run that MLflow refuses.
func DatasetInputs(in []mlflow.DatasetInput) error {
	for i := range in {
		d := &in[i].Dataset
		for _, f := range [...]struct {
			name  string
			limit int
			value string
		}{
			{"name", maxDatasetName, d.Name},
			{"digest", maxDatasetDigest, d.Digest},
			{"source", maxDatasetSource, d.Source},
			{"schema", maxDatasetSchema, d.Schema},
			{"profile", maxDatasetProfile, d.Profile},
		} {
			if err := CheckLength(f.name, f.limit, f.value); err != nil {
				return err
			}
		}
		for _, t := range in[i].Tags {
			if err := CheckLength("key", maxInputTagKey, t.Key); err != nil {
				return err
			}
			if err := CheckLength("value", maxInputTagValue, t.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// MaxResults refuses a size of a page below one and above the most.
func MaxResults(n, most int) error {
	if n < 1 {
		return failure.Invalidf("Invalid value %d for parameter 'max_results' supplied. It must be a positive integer", n)
	}
	if n > most {
		return failure.Invalidf("Invalid value %d for parameter 'max_results' supplied. It must be at most %d", n, most)
	}
	return nil
}

// Name checks the key of a metric, param or tag; at and field name it
// in the error.
func Name(name, at, field string) error {
	if !nameCharsOK(name) {
		return failure.Invalidf("Invalid value %s for parameter '%s' supplied: %s",
			pyrepr.JSON(name), joinPath(at, field), badCharacterText)
	}
	if pathNotUnique(name) {
		return failure.Invalidf("Invalid value %s for parameter '%s' supplied: %s%s",
			pyrepr.JSON(name), joinPath(at, field), badPathText, pyrepr.String(normPath(name)))
	}
	return nil
}

// nameCharsOK is [/\w.\- :]*.
func nameCharsOK(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c >= utf8.RuneSelf {
			return nameRunesOK(name[i:])
		}
		if !isNameByte(c) {
			return false
		}
	}
	return true
}

func nameRunesOK(name string) bool {
	for _, r := range name {
		switch {
		case r < utf8.RuneSelf && isNameByte(byte(r)): //nolint:gosec // it was compared
		case r >= utf8.RuneSelf && isWord(r):
		default:
			return false
		}
	}
	return true
}

func isNameByte(c byte) bool {
	return isASCIIAlnum(c) || c == '_' || c == '/' || c == '.' || c == '-' || c == ' ' || c == ':'
}

func isASCIIAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// isWord is \w of Python's re.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '_' || isASCIIAlnum(byte(r)) //nolint:gosec // it was compared
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r)
}

// pathNotUnique tells whether a name, read as a path, has another spelling or
// leads out of its directory.
func pathNotUnique(name string) bool {
	if name == "" || name[0] == '/' || name[0] == '.' && (name == "." || strings.HasPrefix(name, "..")) {
		return true
	}
	start := 0 // of the current part
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '/' {
			continue
		}
		if part := name[start:i]; part == "" || part == "." || part == ".." {
			return true
		}
		start = i + 1
	}
	return false
}

// normPath is Python's posixpath.normpath, which keeps exactly two leading
// slashes.
func normPath(name string) string {
	clean := path.Clean(name)
	if strings.HasPrefix(name, "//") && !strings.HasPrefix(name, "///") {
		clean = "/" + clean
	}
	return clean
}

func joinPath(at, field string) string {
	if at == "" {
		return field
	}
	return at + "." + field
}

// CheckLength refuses a value that is longer than its limit, in characters.
func CheckLength(what string, limit int, value string) error {
	_, err := limitLength(what, limit, value, false)
	return err
}

func limitLength(what string, limit int, value string, truncate bool) (string, error) {
	if len(value) <= limit || utf8.RuneCountInString(value) <= limit {
		return value, nil
	}
	if !truncate {
		return value, failure.Invalidf("'%s' exceeds the maximum length of %d characters", what, limit)
	}
	n := 0
	for i := range value {
		if n == limit {
			return value[:i], nil
		}
		n++
	}
	return value, nil
}
