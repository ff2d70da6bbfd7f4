#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Makes the project of this example, with what its services have left in it:
#
#	contrib/podman/project.sh FOLDER
#
# The upload cache had 679 MB in the project that it stands for; here, 6.79 MB.
set -eu

HERE=$(cd "$(dirname "$0")" && pwd)
[ $# = 1 ] || {
	echo "usage: project.sh FOLDER" >&2
	exit 2
}
mkdir -p "$1"
cd "$1"

mkdir execution libs knowledge
cp "$HERE/service.sh" execution/
cp "$HERE/scratchfs.yaml" .scratchfs.yaml
printf 'LEVEL=1\nPAUSE=0.2\n' >libs/settings.sh
echo "What the services have learned." >knowledge/README.md
printf '.env\ncredentials.json\n.tmp*\nlogs/\n__pycache__/\n' >.gitignore
if command -v git >/dev/null; then
	git init -q .
	git add .
	git -c user.name=story -c user.email=story@example.org commit -qm begin
fi

# What git does not know: secrets, and leftovers.
echo "TOKEN=not-a-secret" >.env
echo '{"type": "example"}' >credentials.json
chmod 600 .env credentials.json
mkdir logs .tmp .tmp.driveupload libs/__pycache__
for i in {1..70}; do
	head -c 97000 /dev/zero >".tmp.driveupload/part-$i"
done
echo "from before" >logs/gcp.log
echo "half a file" >.tmp/left
echo "compiled" >libs/__pycache__/settings.pyc
