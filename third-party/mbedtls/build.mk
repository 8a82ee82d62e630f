# SPDX-License-Identifier: MIT
# mbedTLS, unpatched: the pristine upstream tarball of Debian's source package, with the settings of skerry_config.h on top of its own.
# stubdoms/apps/mbedtls makes domains of its tests.
MBEDTLS_PACKAGE := mbedtls=2.28.3-1
MBEDTLS_WORK := $(THIRD_PARTY)/mbedtls
MBEDTLS_SOURCE := $(MBEDTLS_WORK)/source
MBEDTLS_FLAGS := -w -D__unix__ -DMBEDTLS_USER_CONFIG_FILE='"third-party/mbedtls/skerry_config.h"' -isystem $(MBEDTLS_SOURCE)/include
MBEDTLS_FILES := $(patsubst %,$(MBEDTLS_SOURCE)/library/%.c,aes aesni arc4 aria asn1parse asn1write base64 bignum blowfish camellia ccm certs \
    chacha20 chachapoly cipher cipher_wrap cmac constant_time ctr_drbg debug des dhm ecdh ecdsa ecjpake ecp ecp_curves entropy entropy_poll error gcm hkdf \
    hmac_drbg md md2 md4 md5 memory_buffer_alloc net_sockets nist_kw oid padlock pem pk pk_wrap pkcs12 pkcs5 pkparse pkwrite platform platform_util \
    poly1305 psa_crypto psa_crypto_aead psa_crypto_cipher psa_crypto_client psa_crypto_driver_wrappers psa_crypto_ecp psa_crypto_hash \
    psa_crypto_mac psa_crypto_rsa psa_crypto_se psa_crypto_slot_management psa_crypto_storage psa_its_file ripemd160 rsa rsa_internal sha1 sha256 \
    sha512 ssl_cache ssl_ciphersuites ssl_cli ssl_cookie ssl_msg ssl_srv ssl_ticket ssl_tls ssl_tls13_keys threading timing version \
    version_features x509 x509_create x509_crl x509_crt x509_csr x509write_crt x509write_csr xtea)
MBEDTLS_TEST_FILES := $(MBEDTLS_SOURCE)/programs/test/selftest.c $(patsubst %,$(MBEDTLS_SOURCE)/tests/src/%.c,asn1_helpers \
    fake_external_rng_for_test helpers psa_crypto_helpers psa_exercise_key random threading_helpers test_helpers/ssl_helpers)
$(MBEDTLS_WORK)/version.txt: third-party/mbedtls/build.mk third-party/fetch-source third-party/apt-local
	@echo "  FETCH   $(MBEDTLS_PACKAGE)"; third-party/fetch-source $(MBEDTLS_PACKAGE) $(MBEDTLS_WORK)
$(MBEDTLS_FILES) $(MBEDTLS_TEST_FILES): $(MBEDTLS_WORK)/version.txt ;

# Its test suites are C written by its own Python script, and a data file for each: suites/test_suite_NAME.c and .datax.
MBEDTLS_SUITES := $(MBEDTLS_WORK)/suites
$(MBEDTLS_SUITES)/test_suite_%.c: $(MBEDTLS_WORK)/version.txt
	@mkdir -p $(@D)
	@echo "  MBEDTLS suite $*"; cd $(MBEDTLS_SOURCE)/tests && python3 scripts/generate_test_code.py -s suites -t suites/main_test.function \
	    -p suites/host_test.function --helpers-file suites/helpers.function -d suites/test_suite_$*.data \
	    -f suites/test_suite_$(firstword $(subst ., ,$*)).function -o ../../suites
