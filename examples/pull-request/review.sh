#!/usr/bin/env bash
# What a change to policies changes: check, fmt, tests, the plan of some moments before and after, and the bill of a history.
#
#   review.sh BASE [HEAD] [PATH…]
#
# BASE and HEAD are git revisions; HEAD is the working tree if it is `.` or left out. PATHs are policies or folders of them
# in that repository [default: .]. The moments stand in `review.moments` beside the policies, if that file is there:
# one line each, `LOCAL TIME | readings`, such as `2026-01-15 01:00 | soc=40% load=400W solar=0W`. Where a history stands
# beside them, `review.csv` or `review.csv.gz`, both policies live through it, and what the change costs or saves is told.
#
# Prints Markdown. Exit code: 0 nothing is wrong, 1 check, fmt or test of HEAD failed, whatever changed.
# OFFPEAK names the program [default: offpeak].
set -euo pipefail

offpeak=${OFFPEAK:-offpeak}
base=${1:?usage: review.sh BASE [HEAD] [PATH…]}
head=${2:-.}
shift $(($# < 2 ? $# : 2))
paths=("${@:-.}")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export NO_COLOR=1

# A revision's files, as they stood; of a file that git does not know nothing is taken.
snapshot() { # REVISION FOLDER
  mkdir -p "$2"
  if [ "$1" = . ]; then
    git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
      if [ -f "$file" ]; then printf '%s\0' "$file"; fi
    done | tar -c --null -T - | tar -x -C "$2"
  else
    git archive "$1" | tar -x -C "$2"
  fi
}

# The files below the paths of a folder that have this key at the margin, by name; tests are none of them. Policies and what they
# share say `offpeak:`, policies alone `site:`.
having() { # FOLDER KEY
  (cd "$1" && for path in "${paths[@]}"; do
    [ -e "$path" ] || continue
    find "$path" -type f \( -name '*.yaml' -o -name '*.yml' \) ! -name '*.test.yaml' ! -name '*.test.yml' ! -path '*/.*/*' \
      -exec grep -lE "^($(printf '\357\273\277'))?$2:" {} + || true
  done | sed 's|^\./||' | sort -u)
}

# The moments at which plans are compared.
moments() { # FOLDER POLICY
  local file
  file=$1/$(dirname "$2")/review.moments
  if [ -f "$file" ]; then
    grep -v '^ *\(#\|$\)' "$file"
  else
    printf '%s\n' \
      '2026-01-15 01:00 | soc=40% load=400W solar=0W ev=0W' \
      '2026-01-15 14:30 | soc=40% load=400W solar=500W ev=0W' \
      '2026-07-15 01:00 | soc=40% load=400W solar=0W ev=0W' \
      '2026-07-15 14:30 | soc=70% load=400W solar=3000W ev=0W'
  fi
}

# A device that does nothing by itself, for plans that nobody sends.
cat >"$work/device.json" <<'JSON'
{
  "getChargeConfigInfo": {
    "gridCharge": 0, "timeChaf1": "00:00", "timeChae1": "00:00", "timeChaf2": "00:00", "timeChae2": "00:00", "batHighCap": 100
  },
  "getDisChargeConfigInfo": {
    "ctrDis": 0, "timeDisf1": "00:00", "timeDise1": "00:00", "timeDisf2": "00:00", "timeDise2": "00:00", "batUseCap": 10
  }
}
JSON

# What a policy comes to at each moment: the plan on that device or, where the device is of another kind, the decision
# and why. Line numbers and revisions are left out: they change with every edit.
plans() { # FOLDER POLICY
  moments "$work/head" "$2" | while IFS='|' read -r at given; do
    at=$(echo "$at" | xargs)
    given=$(echo "$given" | xargs)
    echo "== $at · $given"
    (cd "$1" && of_moment "$2" "$at" "$given" 2>&1) |
      sed -E -e '/^policy /d' -e 's/ ?\(?[^ (]+\.ya?ml:[0-9]+\)?//g' -e 's/ +$//'
  done
}

of_moment() { # POLICY TIME READINGS
  local code=0
  # shellcheck disable=SC2086 # each reading is a word of its own
  "$offpeak" plan "$1" --at "$2" --device "$work/device.json" --given $3 >"$work/plan.txt" 2>/dev/null || code=$?
  if [ "$code" -eq 0 ] || [ "$code" -eq 2 ]; then
    cat "$work/plan.txt"
  else
    # shellcheck disable=SC2086
    "$offpeak" why "$1" --at "$2" --given $3 || true
  fi
}

# What a change comes to over the history beside a policy, if there is one, and nothing if it comes to nothing.
worth() { # POLICY
  local history told code=0
  for history in "$work/head/$(dirname "$1")"/review.csv{,.gz}; do
    [ -f "$history" ] || continue
    told=$(cd "$work" && "$offpeak" compare "base/$1" "head/$1" --history "$history" --format markdown 2>"$work/compare.txt") || code=$?
    # 2 says that they differ.
    case $code in
      2) printf '\n%s\n' "$told" ;;
      1) printf '\nThey cannot be compared:\n\n```text\n%s\n```\n' "$(cat "$work/compare.txt")" ;;
    esac
    return
  done
}

# Runs a verb over the policies of HEAD, and tells of it; keeps a failure in mind.
failed=0
told() { # TITLE VERB…
  local title=$1 out
  shift
  if out=$(cd "$work/head" && "$offpeak" "$@" 2>&1); then
    printf -- '- **%s** passes\n' "$title"
  else
    failed=1
    printf -- '- **%s** fails\n\n```text\n%s\n```\n\n' "$title" "$out"
  fi
}

# Whether a policy of a folder has no errors.
loads() { (cd "$1" && "$offpeak" check "$2" >/dev/null 2>&1); } # FOLDER POLICY

# The tests beside the policies of HEAD.
tests() { (cd "$work/head" && find "${paths[@]}" -name '*.test.yaml' -o -name '*.test.yml') 2>/dev/null | sort -u; }

snapshot "$base" "$work/base"
snapshot "$head" "$work/head"
mapfile -t now < <(having "$work/head" site)
mapfile -t before < <(having "$work/base" site)
mapfile -t files < <(having "$work/head" "(offpeak|site)")
mapfile -t tests < <(tests)

echo "# Policies"
echo
if [ ${#now[@]} -eq 0 ]; then
  echo "No policy here."
else
  told check check "${files[@]}"
  told fmt fmt --check "${files[@]}" "${tests[@]}"
  if [ ${#tests[@]} -gt 0 ]; then told test test "${tests[@]}"; fi
fi

changed=0
while IFS= read -r policy; do
  [ -n "$policy" ] || continue
  if [ ! -f "$work/base/$policy" ]; then
    changed=1
    printf '\n## %s\n\nThis policy is new.\n' "$policy"
    continue
  fi
  if [ ! -f "$work/head/$policy" ]; then
    changed=1
    printf '\n## %s\n\nThis policy is gone.\n' "$policy"
    continue
  fi
  if ! loads "$work/head" "$policy"; then
    changed=1
    printf '\n## %s\n\nIt cannot be loaded: see check.\n' "$policy"
    continue
  fi
  if ! loads "$work/base" "$policy"; then
    changed=1
    printf '\n## %s\n\nIt could not be loaded before, and can be now.\n' "$policy"
    continue
  fi
  plans "$work/base" "$policy" >"$work/base.txt"
  plans "$work/head" "$policy" >"$work/head.txt"
  if cmp -s "$work/base.txt" "$work/head.txt"; then
    told=$(worth "$policy")
    if ! cmp -s "$work/base/$policy" "$work/head/$policy"; then
      changed=1
      printf '\n## %s\n\nThe file changed; at the moments that were compared it decides the same.\n%s\n' "$policy" "$told"
    elif [ -n "$told" ]; then
      changed=1
      printf '\n## %s\n\nWhat it includes changed; at the moments that were compared it decides the same.\n%s\n' "$policy" "$told"
    fi
    continue
  fi
  changed=1
  printf '\n## %s\n\nWhat it decides has changed:\n\n```diff\n' "$policy"
  diff -U 3 --label before --label after "$work/base.txt" "$work/head.txt" || true
  printf '```\n'
  worth "$policy"
done < <(printf '%s\n' "${now[@]:-}" "${before[@]:-}" | sort -u)
[ "$changed" -eq 1 ] || printf '\nNo policy changed.\n'
exit "$failed"
