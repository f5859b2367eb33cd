"""What our own broker is told: who may come in, and what each may say and hear."""

import base64
import hashlib
import re
import stat
from pathlib import Path

from gascore.words import DetectorId
from gaswatch.broker import mosquitto, nats
from gaswatch.broker.members import Member, members, user_of
from gaswatch.secrets import Secrets

COLON = DetectorId("AA:01")
PLAIN = DetectorId("YS-0001")


def people(folder: Path) -> list[Member]:
    return members([PLAIN, COLON, PLAIN], Secrets(folder))


def test_the_collector_comes_first_and_each_detector_once_with_its_own_password(tmp_path: Path) -> None:
    collector, colon, plain = people(tmp_path)
    assert collector.user == "gaswatch-collector"
    assert collector.detector is None
    assert (colon.user, plain.user) == ("AA.01", "YS-0001")
    assert plain.password == Secrets(tmp_path).mqtt_password("YS-0001")
    assert len({collector.password, colon.password, plain.password}) == 3


def test_a_colon_in_an_id_is_a_dot_in_its_user_because_the_password_file_separates_with_colons() -> None:
    assert user_of(COLON) == "AA.01"
    assert user_of(PLAIN) == PLAIN


def test_a_hash_is_pbkdf2_sha512_in_mosquittos_form_and_the_same_each_time() -> None:
    text = mosquitto.hashed("u", "secret")
    parts = re.fullmatch(r"\$7\$(\d+)\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)", text)
    assert parts is not None
    iterations, salt, digest = int(parts[1]), base64.b64decode(parts[2]), base64.b64decode(parts[3])
    assert len(salt) == 12
    assert digest == hashlib.pbkdf2_hmac("sha512", b"secret", salt, iterations)
    assert mosquitto.hashed("u", "secret") == text
    assert mosquitto.hashed("v", "secret") != text


def test_mosquitto_gives_a_detector_its_own_branch_only(tmp_path: Path) -> None:
    text = mosquitto.rights(people(tmp_path))
    assert (
        "pattern write gas/1/%u/status\npattern write gas/1/%u/online\npattern write gas/1/%u/ack\n" in text
    )
    assert "pattern read gas/1/%u/cmd\n" in text
    assert "user AA.01\ntopic write gas/1/AA:01/status\n" in text
    assert "YS-0001" not in text  # the patterns serve it


def test_mosquittos_limits_are_those_that_manual_acknowledgement_needs(tmp_path: Path) -> None:
    lines = mosquitto.configuration(tmp_path, 2883, is_root=False).splitlines()
    assert "listener 2883 127.0.0.1" in lines
    assert "allow_anonymous false" in lines
    assert "max_inflight_messages 20000" in lines
    assert "max_queued_messages 5000000" in lines
    assert "max_queued_bytes 0" in lines
    assert "upgrade_outgoing_qos true" in lines
    assert "autosave_interval 10" in lines
    assert "sys_interval 10" in lines
    assert "user root" not in lines
    assert "user root" in mosquitto.configuration(tmp_path, 2883, is_root=True).splitlines()


def test_nats_gives_a_detector_its_own_subjects_only(tmp_path: Path) -> None:
    text = nats.configuration(tmp_path, 2883, people(tmp_path))
    own = (
        'publish: ["gas.1.YS-0001.status", "gas.1.YS-0001.online", "gas.1.YS-0001.ack"], '
        'subscribe: ["gas.1.YS-0001.cmd", "$MQTT.sub.>", "$MQTT.deliver.>"]'
    )
    assert own in text
    # In NATS' own words the last two would be everybody's messages: only MQTT is spoken with a detector.
    assert text.count('allowed_connection_types: ["MQTT"]') == 3
    assert 'max_ack_pending: 20000, ack_wait: "5s"' in text


def test_files_are_secret_and_written_only_when_something_changed(tmp_path: Path) -> None:
    for kind in (mosquitto, nats):
        folder = tmp_path / kind.NAME
        assert kind.write(folder, 2883, people(tmp_path))
        assert not kind.write(folder, 2883, people(tmp_path))
        assert kind.write(folder, 2883, people(tmp_path)[:2])
        modes = {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir() if file.is_file()}
        assert modes == {0o600}
