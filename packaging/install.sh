#!/bin/sh
# Installs Praetor from this folder. usage: install.sh [systemd|openrc|procd|none]
#
# The word is the program that starts services there; without it the script looks which one this machine has. With DESTDIR set it
# installs into that folder, as Buildroot and Yocto ask for, and makes no user. It never replaces settings: new ones are put
# beside yours as NAME.new. Run it again to upgrade. It starts nothing.
set -eu
cd "$(dirname "$0")"

destination=${DESTDIR-}

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

init_system() {
  if [ -d /run/systemd/system ]; then
    echo systemd
  elif [ -x /sbin/openrc-run ]; then
    echo openrc
  elif [ -x /sbin/procd ]; then
    echo procd
  else
    echo none
  fi
}

make_user() {
  grep -q '^praetor:' /etc/group || groupadd --system praetor 2>/dev/null || addgroup -S praetor ||
    fail 'cannot make the group praetor: make it by hand, and run install.sh again'
  grep -q '^praetor:' /etc/passwd ||
    useradd --system --gid praetor --home-dir /var/lib/praetor --shell /usr/sbin/nologin praetor 2>/dev/null ||
    adduser -S -D -H -h /var/lib/praetor -s /sbin/nologin -G praetor praetor ||
    fail 'cannot make the user praetor: make it by hand, and run install.sh again'
}

# usage: put MODE SOURCE TARGET. A file that is in use, such as the executable, is replaced in one step.
put() {
  mkdir -p "$(dirname "$destination$3")"
  cp "$2" "$destination$3.installing"
  chmod "$1" "$destination$3.installing"
  mv "$destination$3.installing" "$destination$3"
}

# usage: put_setting MODE FILE
put_setting() {
  if [ ! -e "$destination/$2" ]; then
    put "$1" "$2" "/$2"
  elif cmp -s "$2" "$destination/$2"; then
    :
  else
    put "$1" "$2" "/$2.new"
    echo "kept /$2; the new one is /$2.new"
  fi
}

init=${1-$(if [ -n "$destination" ]; then echo none; else init_system; fi)}
case $init in
  systemd | openrc | procd | none) ;;
  *) fail "$init is not one of systemd, openrc, procd and none" ;;
esac
[ -n "$destination" ] || [ "$(id -u)" = 0 ] || fail 'only root can install; set DESTDIR to install into a folder'

put 0755 usr/bin/praetor /usr/bin/praetor
[ -e "$destination/usr/bin/consul" ] || ln -s praetor "$destination/usr/bin/consul"
find usr/share -type f | while read -r file; do put 0644 "$file" "/$file"; done
put_setting 0640 etc/praetor.d/praetor.hcl
put_setting 0644 etc/default/praetor
chmod 0750 "$destination/etc/praetor.d"

case $init in
  systemd)
    for unit in praetor praetor-edgex; do
      put 0644 "init/systemd/$unit.service" "/usr/lib/systemd/system/$unit.service"
    done
    put 0644 init/systemd/sysusers.conf /usr/lib/sysusers.d/praetor.conf
    put 0644 init/systemd/tmpfiles.conf /usr/lib/tmpfiles.d/praetor.conf
    ;;
  openrc | procd)
    put 0755 "init/$init/praetor" /etc/init.d/praetor
    ln -sf praetor "$destination/etc/init.d/praetor-edgex"
    ;;
esac

if [ -z "$destination" ]; then
  make_user
  chgrp -R praetor /etc/praetor.d
  if [ "$init" = systemd ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
fi
echo "installed in ${destination:-/}, with the scripts for $init"
